load helpers

# All ways in one program; the file is never mapped before the last of them.
all_ways() {
	rm data.bin
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/streams" data.bin 3
	[[ "$output" == *ok ]]
	[ "$status" = 3 ]
	[ "$(stat -c %s data.bin)" = 0 ]
	rm data.bin
	bigfile run -p "$PWD/data.bin" -- "$PROGS/streams" data.bin 0 2>/dev/null
	[ "$(cat data.bin)" = $'mapped ==\nMORE\nMOREthe end' ]
	no_journal
}
@test "streams, asynchronous I/O, splice and maps are one" { each_tracker all_ways; }

wide_ones() {
	local -x LC_ALL
	# What a locale does not have libc writes in other words.
	for LC_ALL in C C.UTF-8; do
		"$PROGS/wide" plain.txt >expected
		rm data.bin
		bigfile run -p "$PWD/data.bin" -- "$PROGS/wide" data.bin >got 2>err
		diff expected got
		cmp plain.txt data.bin
	done
	printf 'größer\n' >data.bin
	[ "$(bigfile run -p "$PWD/data.bin" -- rev data.bin)" = reßörg ]
	[ "$(bigfile run -p "$PWD/data.bin" -- rev <data.bin)" = reßörg ]
}
@test "wide characters" { each_tracker wide_ones; }

reopened() {
	before=$(sum data.bin)
	run play stdout:data.bin say:hello exit:1
	[ "$status" = 1 ]
	[ "$(sum data.bin)" = "$before" ]
	play stdout:data.bin say:hello exit:0
	[ "$(cat data.bin)" = hello ]
}
@test "freopen of stdout" { each_tracker reopened; }

reopened_elsewhere() {
	local -x LC_ALL=C.UTF-8
	printf 'größer\n' >data.bin
	printf 'außen\n' >other
	"$PROGS/reopen" data.bin other <data.bin >expected
	mv other expected.other
	printf 'außen\n' >other
	bigfile run -p "$PWD/data.bin" -- "$PROGS/reopen" data.bin other <data.bin >got
	diff expected got
	cmp expected.other other
}
@test "freopen of a stream on a marked file for another one" { each_tracker reopened_elsewhere; }

inherited() {
	before=$(sum data.bin)
	run bash -c '"$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" say:hello exit:1 1<>data.bin'
	[ "$(sum data.bin)" = "$before" ]
	"$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" say:hello exit:0 1<>data.bin
	[ "$(head -1 data.bin)" = hello ]
	[ "$(stat -c %s data.bin)" = 20000 ]
}
@test "stdout that is a marked file from the start" { each_tracker inherited; }

by_symlink() {
	ln -s data.bin other
	before=$(sum data.bin)
	bigfile run -p "$PWD/data.bin" -- bash -c 'echo new >other; exit 1' || true
	[ "$(sum data.bin)" = "$before" ]
	bigfile run -p "$PWD/data.bin" -- "$PROGS/play" cut:other write:0:new exit:0
	[ "$(cat data.bin)" = new ]
}
@test "a marked file by another name" { each_tracker by_symlink; }

# As a program that is linked with liburing or libaio, or has loaded it for itself.
set_up() {
	"$@" /usr/bin/python3 -c '
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1], int(sys.argv[2]))
print(lib.call_io_setup(), lib.call_io_uring(), lib.call_io_uring_setup())' "$PROGS/.libs/libasync.so" "$mode"
}
@test "the kernel's own asynchronous interfaces are refused where files are marked" {
	local mode
	for mode in 0 256; do # RTLD_LOCAL, RTLD_GLOBAL
		[ "$(set_up env)" = "7 7 7" ]
		[ "$(set_up env LD_PRELOAD="$BUILD/.libs/libbigfile.so" 2>&1)" = "7 7 7" ]
		[ "$(set_up "$BIGFILE" run -p "$PWD/data.bin" -- 2>err)" = "-38 -38 -38" ]
		[ "$(grep -c "is refused: what is written by it would be part of no transaction" err)" = 1 ]
		[ "$(set_up env BIGFILE_ON_ERROR=warn "$BIGFILE" run -p "$PWD/data.bin" -- 2>err)" = "7 7 7" ]
		[ "$(grep -c "part of no transaction" err)" = 1 ]
	done
}

past_it() {
	run play map:0:20000 set:0:0:A rawwrite:9000:RAW set:0:1:B exit:0
	[[ "$output" == *"data.bin: was changed past its transaction, by raw system calls"* ]]
	[ "$(head -c 3 data.bin)$(byte data.bin 9001)" = ABaA ]
}
@test "a change past the transaction is noticed and said" { each_tracker past_it; }
