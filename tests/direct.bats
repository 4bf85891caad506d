# Records so long that they go past the page cache: from 128 MiB on.
load helpers

# play_long WORD...: everything is stored to in a file of 160 MiB, marked, and then the words.
play_long() {
	rm -f data.bin*
	truncate -s 160M data.bin
	"$PROGS/play" open:data.bin map:0:167772160 fill:0:0:167772160:a exit:0
	"$@" "$PROGS/play" open:data.bin map:0:167772160 fill:0:0:167772160:b "${words[@]}"
}
# strace of the engine's calls, with a fault.
faulty() {
	strace -f -qq -o trace -e trace=io_submit,io_getevents,fallocate,fdatasync,ftruncate $fault ${on:+-P "$on"} -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_PATHS="$PWD/data.bin" "$@"
}
can() {
	truncate -s 4K probe
	dd if=/dev/zero of=probe bs=4k count=1 oflag=direct conv=notrunc status=none 2>/dev/null || skip "no O_DIRECT here"
}
all_b() { [ "$(tr -d b <data.bin | wc -c) $(stat -c %s data.bin)" = "0 167772160" ]; }
all_a() { [ "$(tr -d a <data.bin | wc -c) $(stat -c %s data.bin)" = "0 167772160" ]; }

whole() {
	can
	words=(msync:0 raise:9) fault= on=
	play_long faulty || true
	[ "$(grep -c 'io_submit(.*PWRITE' trace)" -ge 7 ]
	# Of the journal nothing is kept that was only meant to hold the record while it was written.
	[ "$(stat -c %s data.bin.bigfile-journal)" -lt $((164 << 20)) ]
	# The file holds it before the program's end.
	all_b
	bigfile recover data.bin
	all_b
	no_journal
}
@test "a long record is written past the page cache" { each_tracker whole; }

# fails FAULT SAID TIMES [FILE]: of that file only.
fails() {
	can
	words=(msync:0 msync:0 exit:0) fault="-e inject=$1" on=${4-}
	play_long faulty >out 2>err
	cat out err
	grep -q INJECTED trace
	[ "$(grep -c "msync: $2" out)" = "$3" ]
	all_b
	no_journal
}
as_ever() {
	fails io_submit:error=EAGAIN:when=1 . 0
	fails fallocate:error=EOPNOTSUPP . 0
}
@test "where that cannot be done it is written as ever" { as_ever; }
# It asks for less and less.
no_room() { fails fallocate:error=ENOSPC:when=1..8 ENOSPC 1 "$PWD/data.bin.bigfile-journal"; }
@test "where there is no room for it the commit fails, and the next one has it all" { no_room; }
cannot_be_known() { fails io_getevents:error=EIO:when=2 EIO 1; }
@test "where it cannot be known what is written the commit fails, and the next one makes a new journal" { cannot_be_known; }

killed() {
	can
	words=(msync:0 exit:0) fault="-e inject=$1:signal=KILL:when=$2" on=
	play_long faulty 2>err || true
	grep -q SIGKILL trace
	bigfile recover data.bin
	"all_$3"
	no_journal
}
kills() {
	killed io_submit 4 a
	killed io_getevents 3 a
	killed fdatasync 1 b
}
@test "killed while it is written" { kills; }

# Others write to the journal as soon as this one is dead: they cannot wait for what is under way.
shared() {
	can
	words=(fork set:0:5:c endchild msync:0 exit:0) fault= on=
	play_long faulty
	[ "$(grep -c 'io_submit(.*PWRITE' trace)" = 0 ]
	[ "$(at 0 5 6)" = bcb ]
	no_journal
}
@test "never in a session of several processes" { shared; }

# One of several files has a long record, under way when the others are synced together.
several() {
	can
	rm -f f?.bin*
	truncate -s 160M f0.bin
	truncate -s 8K f1.bin f2.bin
	run bigfile run -p "$PWD/f*.bin" -- "$PROGS/play" open:f0.bin map:0:167772160 open:f1.bin map:0:8192 open:f2.bin map:0:8192 fill:0:0:167772160:b \
		set:1:9:x set:2:9:y msync:0 set:0:3:c set:1:10:z msync:1 _exit:1
	echo "$output"
	[ "$status" = 1 ] && [ -z "$output" ]
	[ "$(tr -d b <f0.bin)$(tr -d '\0' <f1.bin)$(tr -d '\0' <f2.bin)" = cxzy ]
	run ls
	[[ "$output" != *journal* ]]
}
@test "a long record in one of several files" { each_tracker several; }

# What the journal takes ahead of what it is given is not there for the file: it is given back first.
nearly_full() {
	[ "$(id -u)" = 0 ] || skip "mounting needs root"
	mkdir m
	truncate -s 420M img
	mkfs.ext4 -q -m 0 img
	mount -o loop img m || skip "this machine cannot mount an image"
	truncate -s 150M m/data.bin
	run bigfile run -p "$PWD/m/data.bin" -- "$PROGS/play" open:m/data.bin map:0:157286400 fill:0:0:157286400:b msync:0 _exit:1
	echo "$output"
	[ "$(tr -d b <m/data.bin | wc -c)" = 0 ]
	umount m
	[ -z "$output" ]
}
@test "a commit for which there is just room" { nearly_full; }
teardown() { umount m 2>/dev/null || true; }
