load helpers

setup_file() {
	[ -x "${BIGFILE_BUILD:-$BATS_TEST_DIRNAME/../build}/bigfile-blame" ] || skip "built without libdw"
}

data() { head -c $((64 * 4096)) /dev/zero >data.bin; }

# shows TEXT: a line of the report has it.
shows() { grep -qE "$1" report || { cat report; return 1; }; }

blame() { bigfile blame -o report -p data.bin -- "$PROGS/culprit" "$@"; }

@test "the functions that store to a file, and those that change it by calls" {
	data
	blame store 5 write cut allocate read stream
	shows "^$PWD/data.bin$"
	shows ' 5 stored pages +20.0 KiB +storing_function \(culprit.c:[0-9]+, culprit\)'
	shows ' 1 writes +5 bytes +writing_function \(culprit.c:'
	shows ' 1 truncations +cutting_function \(culprit.c:'
	shows ' 1 allocations +260.0 KiB  allocating_function \(culprit.c:'
	shows ' 1 reads into it +8.0 KiB  reading_function \(culprit.c:'
	shows ' 1 writes +8 bytes  streaming_function \(culprit.c:'
	[ "$(sed -nE 's/.*storing_function \(culprit.c:([0-9]+).*/\1/p' report)" = "$(grep -n 'map\[i \* 4096\]++' "$TOP/tests/progs/culprit.c" | cut -d: -f1)" ]
}

@test "blame: each transaction counts its pages again, and the program's exit status is passed on" {
	data
	blame store 3 commit store 3
	shows ' 6 stored pages '
	run bigfile blame -o report -p data.bin -- sh -c 'exit 42'
	[ "$status" = 42 ]
	shows "^No marked file was changed"
	run bigfile blame
	[ "$status" = 2 ]
}

@test "blame: the program has no more descriptors than without, and none of ours is written to" {
	data
	[ "$(blame store 2 write store 3 fds)" = "$("$PROGS/culprit" fds)" ]
	bigfile run --blame "$PWD/rec" -p data.bin -- strace -f -o trace -e trace=read,write,mincore,msync,pipe2 "$PROGS/culprit" store 5 write store 9 cut
	! grep -E 'pipe2|mincore|write\(.*, 1\)' <(sed '1,/--- SIGSEGV/d' trace) || { cat trace; return 1; }
}

@test "blame: stacks, folded for flame graphs" {
	data
	bigfile blame -s -o report --folded folded -p data.bin -- "$PROGS/culprit" store 7 write
	shows '^ +main \(culprit.c:[0-9]+, culprit\)'
	grep -qE '^culprit;.*;main;.*storing_function 7$' folded
	grep -qE '^culprit;.*;main;.*writing_function;?.* 1$' folded
	! grep -q libbigfile report folded
}

@test "blame: a child of fork has its own record" {
	data
	blame store 2 fork store 4 write
	shows '^Who changed marked files in culprit \(process [0-9]+\), culprit \(process [0-9]+\):'
	shows ' writing_function'
	[ "$(grep -oE '[0-9]+ stored pages' report | awk '{ n += $1 } END { print n }')" -ge 6 ]
}

@test "blame: what was recorded survives kill -9, and is read later" {
	data
	bigfile run --blame rec -p data.bin -- "$PROGS/culprit" store 9 kill || [ $? = 137 ]
	bigfile blame --read rec.* >report
	shows ' 9 stored pages .*storing_function'
	run bigfile blame --read data.bin
	[ "$status" = 1 ]
	[[ "$output" == *"was not left by BIGFILE_BLAME"* ]]
}

@test "blame: a program that dies of its own fault is told where" {
	data
	run blame store 3 forbidden
	[ "$status" = 139 ]
	[[ "$output" == *"$PWD/data.bin: the program dies of signal 11 at offset 5000, a store that its mapping forbids; its transaction is rolled back"* ]]
	shows '^culprit \(process [0-9]+\) died of Segmentation fault at offset 5000 of .*/data.bin, which has 262144 bytes; .* rolled back:'
	[[ "$(grep -A1 'died of' report | tail -1)" == *"crashing_function (culprit.c:"* ]]
	cmp data.bin <(head -c $((64 * 4096)) /dev/zero)
	run blame store 3 wild
	shows 'at address 0x10, in no marked file'
	# Without blame there is one line, when a marked file is concerned.
	run bigfile run -p data.bin -- "$PROGS/culprit" store 1 forbidden
	[[ "$output" == *"dies of signal 11 at offset 5000"* ]]
	run bigfile run -p data.bin -- "$PROGS/culprit" store 1 wild
	[[ "$output" != *"dies of"* ]]
}

@test "blame: a stack that is not as the tables say does no harm" {
	[ "$(uname -m)" = x86_64 ] || skip "the program is for x86_64"
	data
	blame store 2 lying store 3 write
	[ "$(byte data.bin 20480)" = L ]
	shows ' 1 stored pages .*lying_function'
	shows ' 3 stored pages .*storing_function'
	shows ' 1 writes .*writing_function'
}

@test "blame: stock programs, in C and Python" {
	rrdtool create cpu.rrd --step 1 --start 1000000000 DS:load:GAUGE:10:U:U RRA:AVERAGE:0.5:1:3600
	bigfile blame -s -o report -p '*.rrd' -- rrdtool update cpu.rrd 1000000001:10 1000000900:20
	shows ' stored pages .* rrd_write '
	shows '^ +rrd_update'
	/usr/bin/python3 -c 'import numpy' || skip "no numpy"
	/usr/bin/python3 -c 'import numpy as np; np.zeros(100000).tofile("model.npy")'
	bigfile blame -o report -p model.npy -- /usr/bin/python3 -c 'import numpy as np
a = np.memmap("model.npy", dtype="f8", mode="r+")
a[:] = 3
b = open("model.npy", "r+b", 0)
b.write(b"x")'
	shows ' 196 stored pages .*_multiarray_umath'
	shows ' 1 writes +1 byte .*python3'
}
