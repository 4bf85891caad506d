load helpers

@test "an ordinary user, without privilege for userfaultfd: everything works, with the uffd tracker" {
	[ "$(cat /proc/sys/vm/unprivileged_userfaultfd)" = 0 ] || skip "vm.unprivileged_userfaultfd is not 0"
	as_nobody_can_reach
	mkdir -p copy/tests copy/build/.libs copy/build/tests/progs/.libs tmp
	cp -r "$BATS_TEST_DIRNAME"/*.bats "$BATS_TEST_DIRNAME"/*.bash "$BATS_TEST_DIRNAME/programs" copy/tests/
	cp "$BUILD/bigfile" "$BUILD/bigfile-tool" copy/build/
	cp "$BUILD/.libs/libbigfile.so" copy/build/.libs/
	cp "$PROGS"/* copy/build/tests/progs/ 2>/dev/null || true
	cp "$BUILD"/tests/progs/.libs/*.so copy/build/tests/progs/.libs/
	chmod 777 tmp
	cd copy/tests
	run as_nobody env HOME=/nonexistent TMPDIR="$BATS_TEST_TMPDIR/tmp" TRACKERS=uffd bats --tap commit.bats windows.bats size.bats signals.bats \
		sharing.bats programs.bats threads.bats arrivals.bats
	echo "$output" | grep -v '^ok'
	[ "$status" = 0 ]
	[ "$(grep -c '^ok' <<<"$output")" -ge 50 ]
}

@test "status says which tracker is active" {
	letters data.bin 20000
	for t in uffd mprotect; do
		export BIGFILE_TRACKER=$t
		start_play map:0:4096 ready exit:0
		[ "$(bigfile status --json $pid | jq -r '.processes[0].tracker')" = $t ]
		bigfile status $pid | grep -q "tracker $t"
		go
		wait $pid
	done
}

@test "where userfaultfd is missing, mprotect takes over" {
	letters data.bin 20000
	run strace -f -qq -o trace -e inject=userfaultfd:error=ENOSYS -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_LOG=info \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:4096 set:0:1:X exit:0
	[[ "$output" == *"attached, tracker mprotect"* ]]
	[ "$(byte data.bin 1)" = X ]
	run strace -f -qq -o trace -e inject=userfaultfd:error=ENOSYS -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_TRACKER=uffd \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:4096 exit:0
	[[ "$output" == *"tracker uffd cannot be used here"*"leave BIGFILE_TRACKER unset"*"map: "* ]]
}

# libc has each thread take part when a process changes its user, and waits: the engine's too, in the child of a fork as well.
changes_user() {
	timeout -s KILL 100 "$BIGFILE" run -p "$PWD/data.bin" -- /usr/bin/python3 -c '
import mmap, os, sys
m = mmap.mmap(os.open("data.bin", os.O_RDWR), 0)
m[0] = ord("x")
child = os.fork()
user = int(sys.argv[1 if child else 2])
os.setgid(user)
os.setuid(user)
m[5000 if child else 10000] = ord("y" if child else "z")
if child: sys.exit(os.waitpid(child, 0)[1])' "$@"
	[ "$(at 0 5000 10000)" = xyz ]
	no_journal
}
@test "a program and its child change their users" {
	[ "$(id -u)" = 0 ] || skip "becoming another user needs root"
	each_tracker changes_user 0 0
	chmod a+x "$BATS_TEST_TMPDIR"
	TRACKERS=uffd each_tracker changes_user 0 65534
}

# As git makes its packs: nobody may write to the file, but who has made it can.
made_read_only() {
	as_nobody_can_reach
	mkdir -p d
	rm -rf d/*
	chmod 777 d
	cat >make.py <<-'END'
		import os, signal, sys
		fd = os.open("d/pack", os.O_RDWR | os.O_CREAT, 0o444)
		os.write(fd, b"one")
		if os.fork() == 0:
		    os.pwrite(fd, b"two", 3)
		    os._exit(0)
		os.wait()
		os.fsync(fd)
		os.pwrite(fd, b"new", 0)
		if sys.argv[1] == "killed": os.kill(os.getpid(), signal.SIGKILL)
	END
	run -137 as_nobody "$BIGFILE" run -p "$PWD/d/" -- /usr/bin/python3 make.py killed
	[ "$(cat d/pack)" = onetwo ]
	as_nobody "$BIGFILE" recover d/pack
	[ "$(cat d/pack) $(stat -c %a d/pack) $(ls -A d)" = "onetwo 444 pack" ]
	rm -f d/pack
	as_nobody "$BIGFILE" run -p "$PWD/d/" -- /usr/bin/python3 make.py ended
	[ "$(cat d/pack) $(stat -c %a d/pack) $(ls -A d)" = "newtwo 444 pack" ]
	# Who has not got it open may not write to it, as ever.
	! as_nobody "$BIGFILE" run -p "$PWD/d/" -- sh -c 'echo no >>d/pack' || false
}
@test "a file that was made for reading only belongs to the transaction of its maker" { each_tracker made_read_only; }
