load helpers

fails_whole() { # COMMAND...: play under it; the file must stay as it was, and say why
	before=$(sum data.bin)
	run "$@"
	echo "$output"
	[ "$(sum data.bin)" = "$before" ]
}

unwritable_folder() {
	# root writes everywhere: as somebody else
	chmod 777 .
	local d=$BATS_TEST_TMPDIR/closed
	as_nobody_can_reach
	mkdir -p "$d"
	letters "$d/data.bin" 20000
	chmod 666 "$d/data.bin"
	chmod 755 "$d"
	run as_nobody "$BIGFILE" run -p "$d/data.bin" -- "$PROGS/play" "open:$d/data.bin" map:0:4096 size exit:0
	echo "$output"
	[[ "$output" == *"map: EACCES"* ]]
	[[ "$output" == *"$d/data.bin: Permission denied for the file, or for its journal $d/data.bin.bigfile-journal"*BIGFILE_JOURNAL_DIR* ]]
	mkdir j
	chmod 777 j
	run as_nobody env BIGFILE_JOURNAL_DIR="$PWD/j" "$BIGFILE" run -p "$d/data.bin" -- "$PROGS/play" "open:$d/data.bin" map:0:4096 set:0:1:X exit:0
	[ "$(byte "$d/data.bin" 1)" = X ]
}
@test "an unwritable folder" { each_tracker unwritable_folder; }

@test "what cannot be attached for its folder of journals, or its own permissions, says so" {
	letters data.bin 20000
	BIGFILE_JOURNAL_DIR=$PWD/none run play map:0:4096 exit:0
	[[ "$output" == *"data.bin: cannot be attached: No such file or directory, for it or for its journal $PWD/none/data.bin."* ]]
	chmod 777 .
	chmod 222 data.bin
	as_nobody_can_reach
	run as_nobody "$BIGFILE" run -p "$PWD/data.bin" -- sh -c 'echo no >>data.bin'
	[[ "$output" == *"data.bin: Permission denied for the file: it must be readable and writable"* ]]
}

read_only_file() {
	run play close open:data.bin:ro map:0:4096 romap:0:4096 get:1:3 exit:0
	[ "$output" = $'map: EACCES\na' ]
}
@test "a descriptor for reading" { each_tracker read_only_file; }

warn_instead() {
	mkdir data.bin.bigfile-journal
	run play map:0:4096 exit:0
	[[ "$output" == *"open: "* ]]
	BIGFILE_ON_ERROR=warn run play map:0:4096 set:0:1:X exit:0
	[[ "$output" == *"WITHOUT transactions"* ]]
	[ "$(byte data.bin 1)" = X ]
	rmdir data.bin.bigfile-journal
}
@test "BIGFILE_ON_ERROR=warn goes on, and says so" { each_tracker warn_instead; }

busy() {
	export BIGFILE_VIEW=private
	start_play map:0:4096 set:0:1:X ready exit:0
	BIGFILE_WAIT=0.2 run play map:0:4096 exit:0
	echo "$output"
	[[ "$output" == *"map: EBUSY"* ]]
	[[ "$output" == *"data.bin: in use by process $pid (play) on "* ]]
	run bigfile check data.bin
	[ "$status" = 3 ]
	run bigfile recover data.bin
	[ "$status" = 1 ]
	play map:0:4096 set:0:2:Y exit:0 &
	second=$!
	until_true 60 eval 'grep -qz set:0:2:Y /proc/[0-9]*/cmdline 2>/dev/null'
	go
	wait $second
	wait $pid
	[ "$(byte data.bin 1)$(byte data.bin 2)" = XY ]
	unset BIGFILE_VIEW
}
@test "a second writer that may not share waits, then gets EBUSY" { each_tracker busy; }

reader_beside() {
	export BIGFILE_VIEW=private
	start_play map:0:4096 set:0:1:X ready msync:0 ready exit:0
	run play close open:data.bin:ro romap:0:4096 get:0:1 exit:0
	[ "$output" = a ]
	go
	until_true 60 ready_count 2
	run play close open:data.bin:ro romap:0:4096 get:0:1 exit:0
	[ "$output" = X ]
	go
	wait $pid
	unset BIGFILE_VIEW
}
@test "a reader that may not share sees commits only" { each_tracker reader_beside; }

@test "BIGFILE_PATHS that matches nothing" {
	letters data.bin 20000
	run bigfile run -p 'nothing*' -- "$PROGS/play" open:data.bin map:0:4096 set:0:1:X exit:3
	[ "$status" = 3 ]
	[[ "$output" == *"nothing*: matches no file yet"* ]]
	[ "$(byte data.bin 1)" = X ]
	run bigfile run -- true
	[[ "$output" == *"no files are marked"* ]]
}

# A small file system that is nearly full.
full_disk() {
	[ "$(id -u)" = 0 ] || skip "mounting needs root"
	mkdir m
	truncate -s 8M img
	mkfs.$1 -q img
	mount -o loop img m || skip "this machine cannot mount an image"
	truncate -s 4M m/data.bin
	head -c 8192 /dev/zero | tr '\0' a | dd of=m/data.bin conv=notrunc status=none
	dd if=/dev/zero of=m/filler bs=64k 2>/dev/null || true
	before=$(sum m/data.bin)
	run bigfile run -p "$PWD/m/data.bin" -- "$PROGS/play" open:m/data.bin map:0:4194304 fill:0:1000000:900000:X msync:0 get:0:1000000 get:0:1899999 exit:0
	echo "$output"
	[[ "$output" == *"No space left on device"* ]]
	[[ "$output" == *$'msync: ENOSPC\nX\nX'* ]]
	[ "$status" = 74 ]
	[ "$(sum m/data.bin)" = "$before" ]
	bigfile recover m/data.bin
	[ "$(sum m/data.bin)" = "$before" ]
	mkfifo go.pipe
	"$BIGFILE" run -p "$PWD/m/data.bin" -- "$PROGS/play" open:m/data.bin map:0:4194304 fill:0:1000000:900000:X msync:0 ready msync:0 ready exit:9 <go.pipe >out 2>err &
	pid=$!
	exec 7>go.pipe
	until_true 60 grep -q ready out
	rm m/filler
	sync
	go
	until_true 60 ready_count 2
	go
	wait $pid || true
	[ "$(grep -c ENOSPC out)" = 1 ]
	[ "$(byte m/data.bin 1000000)$(byte m/data.bin 1899999)" = XX ]
	umount m
}
teardown() {
	local pid
	for pid in $(jobs -p); do kill -9 "$pid" 2>/dev/null || true; done
	mountpoint -q "$BATS_TEST_TMPDIR/m" && umount -l "$BATS_TEST_TMPDIR/m" || true
}
@test "a full disk fails the commit, and room made lets it through" { each_tracker full_disk ext4; }

sync_fails() {
	run strace -f -qq -o trace -e inject=fdatasync:error=EIO:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:X set:0:9000:X msync:0 get:0:1 set:0:2:Y msync:0 _exit:1
	echo "$output"
	[[ "$output" == *"msync: EIO"* ]]
	[[ "$output" == *"data.bin: commit failed: Input/output error"* ]]
	[ "$(grep -c EIO <<<"$output")" = 1 ]
	[ "$(byte data.bin 1)$(byte data.bin 2)$(byte data.bin 9000)" = XYX ]
	no_journal
}
@test "a failed sync fails its commit for good, and the next one starts a new journal" { each_tracker sync_fails; }

# What write-back finds out when it is begun early, no later sync tells: of a long record, and of a file in recovery.
writeback_fails() {
	letters data.bin 20000000
	strace -f -qq -o trace -e inject=sync_file_range:error=EBADMSG:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000000 fill:0:0:19000000:X msync:0 set:0:1:Y msync:0 raise:9 >out 2>&1 || true
	[ "$(grep -c EBADMSG out)" = 1 ]
	run strace -f -qq -o trace -e inject=sync_file_range:error=EIO:when=1 "$BIGFILE" recover data.bin
	[ "$status" = 1 ]
	[[ "$output" == *"Input/output error"* ]]
	bigfile recover data.bin
	[ "$(at 0 1 18999999 19000000)" = XYXa ]
	no_journal
}
@test "write-back that fails at once fails the commit, and the recovery" { each_tracker writeback_fails; }

# Where there is no asynchronous I/O all but the last 128 MiB of a record this long are out of the page cache when it is sealed, the disk having been
# waited for.
long_record() {
	letters data.bin 160000000
	strace -f -qq -o trace -e trace=sync_file_range,io_setup -e inject=io_setup:error=EPERM -e inject=sync_file_range:error=EIO:when=35 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:160000000 fill:0:0:159000000:X msync:0 msync:0 raise:9 >out 2>&1 || true
	grep 'WAIT_AFTER.*INJECTED' trace
	[ "$(grep -c 'msync: EIO' out)" = 1 ]
	[ "$(at 0 1 80000000 158999999 159000000)" = XXXXa ]
	[ "$(stat -f -c %T .)" = tmpfs ] || [ "$(fincore -n -b -o RES data.bin.bigfile-journal)" -lt 140000000 ]
	bigfile recover data.bin
	head -c 159000000 /dev/zero | tr '\0' X >wanted
	head -c 1000000 /dev/zero | tr '\0' a >>wanted
	cmp data.bin wanted
	no_journal
}
@test "a record longer than what is kept of it in memory: the disk's error is its error" { long_record; }

# intrude BYTES [kill] [WRAPPER...]: until the other thread has stored before its byte was written to the file; it may not have had its turn.
intrude() {
	local bytes=$1 mode=
	shift
	[ "${1-}" != kill ] || { mode=kill; shift; }
	for _ in $(seq 20); do
		rm -f data.bin data.bin.bigfile-journal
		letters data.bin "$bytes"
		"$@" env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/data.bin" "$PROGS/intrude" data.bin "$bytes" $mode >out 2>&1 || true
		cat out
		if grep -q seen out; then return 1; fi
		! grep -q 'in time' out || return 0
	done
	return 1
}
all_are_X() { [ "$(tr -d X <data.bin | wc -c)" = 0 ] && [ "$(stat -c %s data.bin)" = "$1" ]; }

# What is long is applied out of the view, unless that is stored to meanwhile.
stored_to_while_applied() {
	for _ in 1 2 3; do
		intrude 32000000
		all_are_X 32000000
		no_journal
	done
	intrude 32000000 kill
	bigfile recover data.bin
	all_are_X 32000000
	no_journal
}
@test "what is stored while a long record is applied does not get into the file" { each_tracker stored_to_while_applied; }

long_record_read_again() {
	intrude 160000000
	all_are_X 160000000
	no_journal
}
@test "the same of one that is longer than what is kept of it in memory: it is read from the disk" { long_record_read_again; }

# It is read to its end before anything of it is applied, and that fails.
long_record_misread() {
	intrude 160000000 strace -f -qq -o trace -e trace=pread64 -e inject=pread64:error=EIO:when=100
	grep 'INJECTED' trace
	grep -q 'committed, but the file cannot be written: Input/output error' out
	bigfile recover data.bin
	all_are_X 160000000
	no_journal
}
@test "one that cannot be read again is there for recovery" { long_record_misread; }

# Each has its first sync fail: the parent makes a new journal, which the child must go on in, and then the other way round.
sync_fails_among_several() {
	strace -f -qq -o trace -e inject=fdatasync:error=EIO:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:X fork await:renewed set:0:2:C msync:0 msync:0 \
		post:child await:never endchild msync:0 msync:0 post:renewed await:child set:0:3:Y msync:0 post:parent await:never >out 2>err &
	posted parent >parent.pid
	[ "$(grep -c EIO out)" = 2 ]
	kill -9 "$(cat child)" "$(cat parent.pid)"
	wait $! || true
	until_true 60 gone "$(cat child)"
	until_true 60 gone "$(cat parent.pid)"
	bigfile recover data.bin
	[ "$(byte data.bin 1)$(byte data.bin 2)$(byte data.bin 3)" = XCY ]
	no_journal
}
@test "a new journal after a failed sync is that of all who share it" { each_tracker sync_fails_among_several; }

sync_fails_then_crash() {
	before=$(sum data.bin)
	run strace -f -qq -o trace -e inject=fdatasync:error=EIO:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:X msync:0 raise:9
	bigfile recover data.bin
	[ "$(sum data.bin)" = "$before" ]
}
@test "a commit that was reported as failed does not come back" { each_tracker sync_fails_then_crash; }

checkpoint_fails() {
	run strace -f -qq -o trace -e inject=fdatasync:error=EIO:when=2 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:X msync:0 exit:0
	echo "$output"
	[[ "$output" == *"checkpoint failed: Input/output error; its commits are safe in "*bigfile-journal* ]]
	run bigfile check data.bin
	[ "$status" = 1 ]
	bigfile recover data.bin
	[ "$(byte data.bin 1)" = X ]
	no_journal
}
@test "a failed checkpoint keeps the journal" { each_tracker checkpoint_fails; }

journal_write_fails() {
	run strace -f -qq -o trace -e inject=pwrite64:error=ENOSPC:when=3 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:X msync:0 set:0:2:Y msync:0 _exit:1
	echo "$output"
	[ "$(grep -c 'msync: ENOSPC' <<<"$output")" = 1 ]
	[ "$(byte data.bin 1)$(byte data.bin 2)" = XY ]
}
@test "a journal that cannot be written fails the commit, the next one has it all" { each_tracker journal_write_fails; }

exec_commit_fails() {
	run strace -f -qq -o trace -e inject=pwrite64:error=ENOSPC:when=3 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:2:Y unlink:data.bin exec:true \
		get:0:2 exit:0
	echo "$output"
	[ "$status" = 0 ]
	[[ "$output" == *$'exec: ENOSPC\nY'* ]]
	[ ! -e data.bin ]
	no_journal
}
@test "an exec whose commit fails fails too, and the transaction goes on" { each_tracker exec_commit_fails; }

exit_commit_fails() {
	before=$(sum data.bin)
	run strace -f -qq -o trace -e inject=fdatasync:error=EIO -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:X exit:0
	[ "$status" = 74 ]
	[[ "$output" == *"the program ends: what could not be committed is rolled back"* ]]
	[ "$(sum data.bin)" = "$before" ]
}
@test "a commit that fails at exit shows in the exit status" { each_tracker exit_commit_fails; }

# Every system call in turn fails once.  What msync called committed is there, the file is never torn, and
# a call that could not be made part of the transaction has failed.
each_call_fails() {
	local name n state tried=0
	for name in pwrite64 pread64 fdatasync fsync ftruncate fallocate lseek newfstatat openat readlinkat fcntl ioctl unlinkat mmap munmap madvise mprotect; do
		for n in $(seq 1 30); do
			rm -f data.bin*
			letters data.bin 20000
			run -0 bash -c 'strace --seccomp-bpf -f -qq -o trace -e trace='$name' -e inject='$name':error=EIO:when='$n' -E LD_PRELOAD="$0" -E BIGFILE_PATHS="$PWD/data.bin" \
				"$1" open:data.bin map:0:40000 set:0:1:X set:0:9000:X trunc:30000 msync:0 get:0:1 set:0:1:Y msync:0 set:0:1:Z _exit:1 2>&1
				echo "status $?"' "$BUILD/.libs/libbigfile.so" "$PROGS/play"
			grep -q INJECTED trace || break
			# Before the library is there, it cannot do anything about it.
			[[ "$output" != *ld.so* && "$output" != *"loading shared"* && "$output" != *"status 127" ]] || continue
			tried=$((tried + 1))
			bigfile recover data.bin >/dev/null
			state=$(byte data.bin 1)$(byte data.bin 9000)$(stat -c %s data.bin)
			echo "$name $n: $state: $output"
			case $state in
			aa20000) [[ "$output" == *msync:* || "$output" == *map:* || "$output" == *open:* ]] ;;
			XX30000) [[ "$output" == *msync:* ]] ;;
			XX20000 | YX20000) [[ "$output" == *trunc:* ]] ;;
			YX30000) ;;
			*) false ;;
			esac
		done
	done
	echo "$tried calls tried"
	[ $tried -gt 50 ]
}
@test "every system call fails once: nothing is torn, nothing acknowledged is lost" { each_tracker each_call_fails; }

journal_limit() {
	before=$(sum data.bin)
	run bash -c 'ulimit -f 12; "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:20000 fill:0:0:20000:X msync:0 get:0:1 exit:0'
	echo "$output"
	[[ "$output" == *"data.bin: commit failed: File too large"*$'msync: EFBIG\nX'* ]]
	[ "$status" = 74 ]
	bigfile recover data.bin
	[ "$(sum data.bin)" = "$before" ]
}
@test "RLIMIT_FSIZE too small for the journal fails the commit" { each_tracker journal_limit; }

# The kernel drops what it could not write; here somebody else does it.
@test "a file that could not be made durable is written again by recovery, whatever it holds" {
	letters data.bin 20000
	strace -f -qq -o trace -P "$PWD/data.bin" -e inject=fdatasync,fsync:error=EIO -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:0:A msync:0 _exit:1 || true
	grep -q 'EIO .*INJECTED' trace
	[ -e data.bin.bigfile-journal ]
	printf x | dd of=data.bin bs=1 count=1 conv=notrunc status=none
	bigfile recover data.bin
	[ "$(byte data.bin 0)" = A ]
}

# To cut a file in a page is to store zeros to the rest of it, which a commit finds to be no change.
cut_then_failed() {
	head -c 12288 /dev/zero | tr '\0' a >data.bin
	PYTHONPATH=$BATS_TEST_DIRNAME/../python run bigfile run -p "$PWD/data.bin" -- /usr/bin/python3 -c '
import bigfile, mmap, os, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
fd = os.open("data.bin", os.O_RDWR)
m = mmap.mmap(fd, 12288)
os.ftruncate(fd, 5000)
os.ftruncate(fd, 1 << 20)
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (500000, limits[1]))
try: bigfile.commit()
except OSError as e: print(e.errno)
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
bigfile.abort()
print(m[4990:4992], m[6000:6002], m[9000:9002])
m[4096] = ord("b")
bigfile.commit()
os._exit(1)'
	echo "$output"
	[ "${lines[-1]}" = "b'aa' b'aa' b'aa'" ]
	[[ "$output" == *$'27\n'* ]]
	[ "$(tr -d a <data.bin)$(stat -c %s data.bin)" = b12288 ]
}
@test "a file that was cut and grew is as committed after a failed commit and an abort" { each_tracker cut_then_failed; }

locked_back() {
	letters data.bin 20000
	PYTHONPATH=$BATS_TEST_DIRNAME/../python run bigfile run -p "$PWD/data.bin" -- /usr/bin/python3 -c '
import bigfile, ctypes, mmap, os
m = mmap.mmap(os.open("data.bin", os.O_RDWR), 20000)
at = ctypes.addressof(ctypes.c_char.from_buffer(m))
if ctypes.CDLL(None).mlock(ctypes.c_void_p(at), ctypes.c_size_t(8192)): print("mlock")
m[1] = m[9000] = ord("X")
bigfile.abort()
print(m[1:2], m[9000:9001])
os._exit(0)'
	echo "$output"
	[[ "$output" != *mlock* ]] || skip "no memory can be locked here"
	[ "$output" = "b'a' b'a'" ]
}
@test "an abort takes back what is locked in memory" { each_tracker locked_back; }
