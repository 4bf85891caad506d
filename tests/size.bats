load helpers

grow_commit() {
	run play map:0:20000 trunc:50000 size map:0:50000 set:1:49999:Z msync:0 set:1:49998:Y _exit:1
	[ "$output" = 50000 ]
	[ "$(stat -c %s data.bin)" = 50000 ]
	[ "$(byte data.bin 49999)" = Z ]
	cmp <(head -c 29998 /dev/zero) <(tail -c 30000 data.bin | head -c 29998)
}
@test "growth is committed with the data" { each_tracker grow_commit; }

grow_abort() {
	before=$(sum data.bin)
	run play map:0:20000 trunc:50000 map:0:50000 set:1:49999:Z "$1"
	[ "$(sum data.bin)" = "$before" ]
}
@test "growth is undone by an exit status" { each_tracker grow_abort exit:1; }
@test "growth never reaches the file before the commit (kill -9)" { each_tracker grow_abort raise:9; }

grow_signal() {
	start_play map:0:100000 trunc:50000 set:0:49999:Z set:0:3:Q ready size get:0:3 get:0:49999 ready set:0:4:R exit:0
	bigfile abort $pid
	go
	until_true 60 ready_count 2
	[ "$(grep -v ready out | tr '\n' ' ')" = "20000 a 0 " ]
	go
	wait $pid
	[ "$(stat -c %s data.bin)$(byte data.bin 4)$(byte data.bin 3)" = 20000Ra ]
}
@test "an abort takes growth back and does not kill" { each_tracker grow_signal; }

shrink() {
	play map:0:20000 set:0:100:X trunc:6000 trunc:10000 get:0:7000 exit:0 >out
	[ "$(cat out)" = 0 ]
	[ "$(stat -c %s data.bin)" = 10000 ]
	cmp <(head -c 4000 /dev/zero) <(tail -c 4000 data.bin)
	[ "$(byte data.bin 100)$(byte data.bin 5999)" = Xa ]
}
@test "shrinking and growing again reads as zeros" { each_tracker shrink; }

shrink_abort() {
	before=$(sum data.bin)
	start_play map:0:20000 trunc:6000 ready size get:0:7000 ready exit:0
	bigfile abort $pid
	go
	until_true 60 ready_count 2
	[ "$(grep -v ready out | tr '\n' ' ')" = "20000 a " ]
	go
	wait $pid
	[ "$(sum data.bin)" = "$before" ]
}
@test "shrinking is undone by an abort" { each_tracker shrink_abort; }

repeated() {
	run play map:0:200000 trunc:50000 set:0:49000:A msync:0 set:0:49000:B trunc:90000 set:0:89999:C msync:0 set:0:49000:D trunc:30000 _exit:1
	[ "$(stat -c %s data.bin)" = 90000 ]
	[ "$(byte data.bin 49000)$(byte data.bin 89999)" = BC ]
}
@test "growth over several commits" { each_tracker repeated; }

abort_of_grown() {
	start_play map:0:200000 trunc:50000 set:0:49000:A msync:0 set:0:49000:B set:0:49001:B ready get:0:49000 set:0:49002:C exit:0
	bigfile abort $pid
	go
	wait $pid
	[ "$(byte data.bin 49000)$(byte data.bin 49002)" = AC ]
	[ "$(grep -v ready out)" = A ]
}
@test "an abort in a part that an earlier commit added" { each_tracker abort_of_grown; }

written() {
	run play map:0:20000 set:0:10:S read:8:5 write:11:WWW get:0:12 append:END size read:19998:5 end exit:0
	[ "$output" = $'aaSaa\nW\n20003\naaEND\n20003' ]
	[ "$(byte data.bin 11)" = W ]
	[ "$(tail -c 3 data.bin)" = END ]
}
@test "read, write and lseek work on the view" { each_tracker written; }

written_abort() {
	before=$(sum data.bin)
	run play map:0:20000 write:11:WWW append:END raise:9
	[ "$(sum data.bin)" = "$before" ]
}
@test "write() belongs to the transaction" { each_tracker written_abort; }

allocated() {
	run play map:0:20000 allocate:0:30000 size allocate:0:100 size exit:0
	[ "$output" = $'0\n30000\n0\n30000' ]
	[ "$(stat -c %s data.bin)" = 30000 ]
}
@test "posix_fallocate grows inside the transaction" { each_tracker allocated; }

limit() {
	before=$(sum data.bin)
	run bash -c 'ulimit -f 30; trap "" XFSZ; "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:20000 trunc:100000 size set:0:1:X exit:0'
	[[ "$output" == *"trunc: EFBIG"*20000* ]]
	[ "$(byte data.bin 1)" = X ]
}
@test "RLIMIT_FSIZE holds for growth" { each_tracker limit; }

exceeded() {
	local how
	before=$(sum data.bin)
	for how in trunc:100000 allocate:0:100000 write:40000:X; do
		letters data.bin 20480
		run bash -c 'ulimit -f 30; exec "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:20000 set:0:1:X '"$how"' exit:0'
		[ "$status" = $((128 + $(kill -l XFSZ))) ]
		[ "$(byte data.bin 1)" = a ]
	done
}
@test "and who goes beyond it gets SIGXFSZ" { each_tracker exceeded; }

# The file is cut before it grows: then the limit binds again.
cut_and_grown() {
	letters data.bin 100000
	printf 'prlimit -p $1 --fsize=$2:unlimited\n' >limit
	run bash -c 'trap "" XFSZ; "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:20000 trunc:10 trunc:90000 \
		system:"sh limit \$PPID 50000" fsync system:"sh limit \$PPID unlimited" fsync set:0:1:X exit:0'
	echo "$output"
	[ "$(grep -c "fsync: EFBIG" <<<"$output")" = 1 ]
	[[ "$output" == *"data.bin: commit failed: File too large; nothing is lost"* ]]
	[ "$(stat -c %s data.bin)" = 90000 ]
	[ "$(byte data.bin 1)" = X ]
	no_journal
}
@test "RLIMIT_FSIZE that applying would meet fails the commit" { each_tracker cut_and_grown; }

# A journal with a size in it that no file can have could never be emptied.
too_large() {
	local size=1000000000000000000
	! truncate -s $size other || skip "files of this size are possible here"
	run play map:0:20000 set:0:1:X trunc:$size write:$size:X allocate:$size:10 trunc:30000 fsync set:0:2:Y raise:9
	echo "$output"
	[[ "$output" == *"trunc: EFBIG"*"write: EFBIG"*27* ]]
	[ "$(stat -c %s data.bin) $(at 1 2)" = "30000 Xa" ]
	bigfile recover data.bin
	[ "$(stat -c %s data.bin)" = 30000 ]
}
@test "a size that the file system does not know is refused" { each_tracker too_large; }

# As for any shared mapping.
inside_limit() {
	letters data.bin 400000
	run bash -c 'ulimit -f 100; "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:400000 set:0:300000:X set:0:7:Y exit:0'
	echo "$output"
	[ "$status" = 0 ]
	no_journal
	[ "$(byte data.bin 300000)" = X ]
	[ "$(byte data.bin 7)" = Y ]
}
@test "RLIMIT_FSIZE does not bind stores inside the file" { each_tracker inside_limit; }

cut_open() {
	before=$(sum data.bin)
	run play map:0:20000 set:0:1:X "$1" size exit:1
	[ "$output" = "$2" ]
	[ "$(sum data.bin)" = "$before" ]
	run play map:0:20000 set:0:1:X "$1" write:0:new size exit:0
	echo "$output"
	[ "$(head -c 3 data.bin)" = new ]
	[ "$(stat -c %s data.bin)" = "$3" ]
}
@test "O_TRUNC of a mapped file belongs to the transaction" { each_tracker cut_open cut:data.bin 0 3; }
@test "truncate() of a mapped file too" { each_tracker cut_open truncate:data.bin:7 7 7; }

# All of what it has grown by: a tracker may make areas of pages of it.
in_small_pages() {
	letters data.bin 4096
	run bigfile run -p data.bin -- /usr/bin/python3 -c '
import ctypes, mmap, os, re
f = os.open("data.bin", os.O_RDWR)
os.ftruncate(f, 16 << 20)
m = mmap.mmap(f, 16 << 20)
m[8 << 20] = 1
grown = ctypes.addressof(ctypes.c_char.from_buffer(m)) + 4096
there, kinds = 0, set()
for line in open("/proc/self/smaps"):
    if re.match("[0-9a-f]+-[0-9a-f]+ ", line):
        start, end = (int(x, 16) for x in line.split()[0].split("-"))
        ours = start >= grown and end <= grown - 4096 + (16 << 20)
    if line.startswith("VmFlags:") and ours:
        kinds.add("small" if "nh" in line.split() else "huge")
    if line.startswith("Rss:") and ours:
        there += int(line.split()[1])
print(there, *kinds)'
	echo "$output"
	[ "$output" = "4 small" ]
}
@test "what a file has grown by before it is mapped is in small pages: a store takes one, not a huge one" { each_tracker in_small_pages; }
