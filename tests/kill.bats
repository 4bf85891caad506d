load helpers

killed() {
	rm -f data.bin
	truncate -s $((40 * 4096)) data.bin
	"$PROGS/loop" drive "$BIGFILE" "$PWD/data.bin" "$1" 7
}
@test "kill -9 at 200 random instants of a commit loop" { each_tracker killed 200; }

# At every system call of the engine thread in turn: killed at the call, the file shows one whole state.
each_call() {
	local name n before after
	for name in pwrite64 fdatasync fsync ftruncate unlinkat openat close ioctl mmap munmap madvise fallocate mprotect; do
		for n in 1 2 3 4 5 6 8 10 13 17; do
			rm -f data.bin*
			letters data.bin 20000
			before=$(sum data.bin)
			strace --seccomp-bpf -f -qq -o trace -e trace=$name -e inject=$name:signal=SIGKILL:when=$n -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
				-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:X set:0:9000:X \
				trunc:30000 msync:0 set:0:1:Y trunc:25000 exit:0 >/dev/null 2>&1 || true
			bigfile recover data.bin >/dev/null
			after=$(byte data.bin 1)$(byte data.bin 9000)$(stat -c %s data.bin)
			case $after in
			aa20000) [ "$(sum data.bin)" = "$before" ] ;;
			XX30000 | YX25000) ;;
			*) echo "killed at $name $n: $after"; return 1 ;;
			esac
			no_journal
		done
	done
}
@test "kill -9 at system calls of commit, apply and detach" { each_tracker each_call; }

# A commit that is whole in the journal, then recovery killed at each of its calls, then recovered.
recovery_killed() {
	local name n
	for name in pwrite64 fsync ftruncate unlinkat; do
		for n in 1 2 3 4 5 6; do
			rm -f data.bin*
			letters data.bin 20000
			strace -f -qq -o trace -e inject=fdatasync:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
				-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:X set:0:9000:X \
				trunc:30000 msync:0 >/dev/null 2>&1 || true
			run bigfile check data.bin
			[ "$status" = 1 ]
			[ "$(byte data.bin 1)$(stat -c %s data.bin)" = a20000 ]
			strace -qq -o trace -e inject=$name:signal=SIGKILL:when=$n "$BIGFILE" recover data.bin >/dev/null 2>&1 || true
			bigfile recover data.bin >/dev/null
			[ "$(byte data.bin 1)$(byte data.bin 9000)$(stat -c %s data.bin)" = XX30000 ]
			no_journal
		done
	done
}
@test "a crash after the sync is redone, however often recovery is killed" { each_tracker recovery_killed; }

# BIGFILE_KILLS=1000 for a longer one; what a failure prints tells the seed that repeats it.
tellers() {
	run "$PROGS/teller" drive "$BIGFILE" "$PWD/data.bin" "${BIGFILE_KILLS:-40}"
	echo "$output"
	[ "$status" = 0 ]
	no_journal
}
@test "kill -9 of participants at random: every commit is whole, no store is lost, nobody waits for the dead" {
	each_tracker tellers
}

@test "and without Bigfile, so that the tellers test the right thing" {
	run "$PROGS/teller" drive - data.bin 20
	echo "$output"
	[ "$status" = 0 ]
}

# One that has committed three times; another dies in its commit, before the record is there.
not_redone() {
	begin map:0:20000 set:0:5:1 msync:0 set:0:5:2 msync:0 set:0:5:3 msync:0 post:first await:end set:0:6:X exit:0
	first=$pid
	posted first
	strace -f -qq -o trace -p $first &
	until_true 60 traced $first
	strace -f -qq -o other -e inject=pwrite64:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:9000:Y msync:0 || true
	bigfile commit $first
	[ "$(byte data.bin 5)$(byte data.bin 9000)" = 3Y ]
	cat err trace
	grep -q 'what it left is put right' err
	run ! grep 'pwrite64.*"aaaaa1' trace
	touch end
	wait $first
	[ "$(byte data.bin 5)$(byte data.bin 6)$(byte data.bin 9000)" = 3XY ]
}
@test "what is in the file already is not redone when a committer dies: nobody reads old bytes" { each_tracker not_redone; }

# The kernel may spin over the folder of a process that is gone: see shim/proc.h.
no_walk() {
	local other
	begin map:0:20000 set:0:5:1 msync:0 post:first await:end exit:0
	first=$pid
	posted first
	begin map:0:20000 set:0:9000:Y post:other await:never exit:0
	other=$pid
	posted other
	kill -9 $other
	wait $other || true
	strace -f -qq -e trace=open,openat,kill -o trace -p $first &
	until_true 60 traced $first
	bigfile commit $first
	touch end
	wait $first
	[ "$(byte data.bin 5)$(byte data.bin 9000)" = 1Y ]
	grep -q "kill($other, 0) *= -1 ESRCH" trace
	run ! grep "open.*/proc/$other/" trace
}
@test "nobody looks below /proc for a participant that is gone" { each_tracker no_walk; }

# Killed while it tells the others of a file that it has brought, and one of them takes that up: a third, which gets the lock, does not give the file's number away.
asker_killed() {
	letters two.bin 20000
	letters three.bin 20000
	export BIGFILE_PATHS="$PWD/*.bin"
	local lib=$BUILD/.libs/libbigfile.so tracer
	LD_PRELOAD=$lib "$PROGS/play" open:data.bin map:0:20000 post:late await:done open:two.bin map:0:20000 set:1:2:Q msync:1 post:stored await:end exit:1 2>err.late &
	posted late
	LD_PRELOAD=$lib "$PROGS/play" open:data.bin map:0:20000 set:0:5:X post:one await:three open:three.bin map:0:20000 set:1:1:T msync:1 post:done await:end exit:1 2>err &
	posted one
	LD_PRELOAD=$lib "$PROGS/play" open:data.bin map:0:20000 post:two await:second open:two.bin map:0:20000 set:1:1:Z post:never await:end &
	posted two
	strace -f -qq -o trace -e trace=mmap -e inject=mmap:delay_enter=60000000:when=2 -p "$(cat late)" 2>err.strace &
	tracer=$!
	until_true 60 traced "$(cat late)"
	: >second
	until_true 60 grep -q "mmap(.*MAP_SHARED" trace
	kill -9 "$(cat two)"
	until_true 60 gone "$(cat two)"
	: >three
	until_true 60 grep -q 'is put right' err
	# It waits for the one that is held, and would go on here if it did not.
	until_true 2 test -e done || kill -9 $tracer
	posted done
	posted stored
	[ ! -e never ]
	[ "$(at 5)$(byte two.bin 2)$(byte three.bin 1)" = XQT ]
	grep -q 'what it left is put right' err
	: >end
	until_true 60 gone "$(cat one)"
	until_true 60 gone "$(cat late)"
	bigfile recover two.bin
	no_journal
}
@test "one is killed while another takes up the file that it told of: no store to that is lost" { each_tracker asker_killed; }
