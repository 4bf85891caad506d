load helpers

# One after the other: they have the stranger's folder in /dev/shm in common.
setup_file() { export BATS_NO_PARALLELIZE_WITHIN_FILE=true; }

# What other users of the machine can put in our way: each is refused, by a line, and nobody's file is touched.
STRANGER=65533

needs_root() { [ "$(id -u)" = 0 ] || skip "playing several users needs root"; }
as_stranger() { setpriv --reuid $STRANGER --regid $STRANGER --clear-groups env -u XDG_RUNTIME_DIR "$@"; }

teardown() {
	local pid
	for pid in $(jobs -p); do kill -9 "$pid" 2>/dev/null || true; done
	[ "$(id -u)" != 0 ] || rm -rf /dev/shm/bigfile-$STRANGER
}

# A folder where everybody may put things, and nobody may take away what is another's.
sticky() {
	needs_root
	as_nobody_can_reach
	mkdir for_all
	chmod 1777 for_all
	cd for_all
	letters data.bin 20000
	letters victim 5000
	chmod 600 victim
	victim=$(sum victim)
}

# refused WORD...: neither a program nor the tool takes what lies at the journal's place.
refused() {
	before=$(sum data.bin)
	run "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:20000 set:0:1:X msync:0 exit:0
	echo "$output"
	[[ "$output" == *"data.bin"*"journal $PWD/data.bin.bigfile-journal"*"not to be trusted"* ]]
	[ "$(sum data.bin)" = "$before" ]
	for how in "" --force --discard; do
		run "$BIGFILE" recover $how data.bin
		echo "$output"
		[ "$status" = 1 ]
		[[ "$output" == *"not to be trusted"* ]]
	done
	[ "$(sum data.bin)" = "$before" ]
	[ "$(sum victim)" = "$victim" ]
	rm -rf data.bin.bigfile-journal
}

@test "what is not a journal of ours lies at its place: a link, a pipe, a device, another's file" {
	sticky
	as_nobody ln -s "$PWD/victim" data.bin.bigfile-journal
	refused
	as_nobody ln -s "$PWD/nothing" data.bin.bigfile-journal
	refused
	[ ! -e nothing ]
	as_nobody mkfifo data.bin.bigfile-journal
	refused
	mknod data.bin.bigfile-journal c 1 5
	refused
	ln victim data.bin.bigfile-journal
	refused
	as_nobody dd if=/dev/zero of=data.bin.bigfile-journal bs=20000 count=1 status=none
	refused
}

@test "a journal that another user has made beforehand in BIGFILE_JOURNAL_DIR" {
	sticky
	export BIGFILE_JOURNAL_DIR=$PWD
	bigfile run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:4096 set:0:1:X msync:0 raise:9 || true
	name=$(echo data.bin.*.bigfile-journal)
	rm "$name"
	as_nobody touch "$name"
	run "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:4096 set:0:1:Y msync:0 exit:0
	echo "$output"
	[[ "$output" == *"not to be trusted"*"$name"* || "$output" == *"$name"*"not to be trusted"* ]]
	[ "$(byte data.bin 1)" != Y ]
}

@test "a journal names files of another owner: root does not follow it there" {
	needs_root
	as_nobody_can_reach
	mkdir mine theirs
	letters mine/a 49152
	letters theirs/b 49152
	# Killed when the second of two files has not been applied to yet, both records are in the journals.
	FAULT="$(awk '/fdatasync/ {print $3; exit}' /usr/include/x86_64-linux-gnu/asm/unistd_64.h):4:0:killed" BIGFILE_PATHS=$PWD/mine/:$PWD/theirs/ \
		LD_PRELOAD=$BUILD/tests/crash/.libs/libfault.so:$BUILD/.libs/libbigfile.so \
		"$BUILD/tests/crash/victim" run two mine/a theirs/b || true
	ls mine/a.bigfile-journal theirs/b.bigfile-journal
	chown $STRANGER mine/*
	chown 65534 theirs/*
	before=$(sum theirs/b)
	run "$BIGFILE" check mine/a
	echo "$output"
	[[ "$output" == *"mine/a: its journal names $PWD/theirs/b, which is of another owner"* ]]
	run "$BIGFILE" recover --force mine/a
	echo "$output"
	[[ "$output" != *"theirs/b: recovered"* && "$output" != *"theirs/b: nothing"* ]]
	[ "$(sum theirs/b)" = "$before" ]
	# Named by somebody who may, it is recovered as ever.
	run -0 "$BIGFILE" recover theirs/b mine/a
	[ "$("$BUILD/tests/crash/victim" check mine/a theirs/b)" != -1 ]
}

@test "/dev/shm/bigfile-UID is another user's: no control page, no shared transaction, and a line" {
	needs_root
	as_nobody_can_reach
	mkdir own
	letters own/data.bin 20000
	chown -R $STRANGER own
	rm -rf /dev/shm/bigfile-$STRANGER
	for trap in "mkdir -m 777" "as_nobody mkdir -m 700" "ln -s $PWD/own"; do
		$trap /dev/shm/bigfile-$STRANGER
		run as_stranger "$BIGFILE" run -p "$PWD/own/data.bin" -- "$PROGS/play" "open:$PWD/own/data.bin" map:0:4096 set:0:1:X msync:0 get:0:1 exit:0
		echo "$output"
		[[ "$output" == *"no control page: "*"/dev/shm/bigfile-$STRANGER, which must be this user's alone"* ]]
		[ "$(byte own/data.bin 1)" = X ]
		[ "$(ls own)" = data.bin ]
		rm -rf /dev/shm/bigfile-$STRANGER
		printf a | dd of=own/data.bin bs=1 seek=1 conv=notrunc status=none
	done
}

@test "a runtime folder that others can write to is not used" {
	needs_root
	as_nobody_can_reach
	mkdir own run
	letters own/data.bin 20000
	chown -R $STRANGER own
	chmod 777 run
	for trap in "as_nobody mkdir -m 777" "as_nobody ln -s $PWD/own"; do
		$trap run/bigfile
		run setpriv --reuid $STRANGER --regid $STRANGER --clear-groups env XDG_RUNTIME_DIR="$PWD/run" "$BIGFILE" run -p "$PWD/own/data.bin" -- \
			"$PROGS/play" "open:$PWD/own/data.bin" map:0:4096 set:0:1:X "system:ls /dev/shm/bigfile-$STRANGER $PWD/run/bigfile/" exit:0
		echo "$output"
		[[ "$output" == *"/dev/shm/bigfile-$STRANGER:"*[0-9]* ]]
		[ "$(ls own)" = data.bin ]
		rm -rf run/bigfile
	done
}

@test "the control page of another user is not to be had, and not to be forged" {
	needs_root
	as_nobody_can_reach
	mkdir own
	letters own/data.bin 20000
	chown -R $STRANGER own
	cd own
	mkfifo go.pipe
	as_stranger "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" "open:$PWD/data.bin" map:0:4096 set:0:1:X ready exit:3 <go.pipe >out 2>err &
	exec 7>go.pipe
	until_true 60 grep -q ready out
	page=$(echo /dev/shm/bigfile-$STRANGER/[0-9]*)
	run as_nobody "$BIGFILE" commit "$(basename "$page")"
	echo "$output"
	[ "$status" = 3 ]
	run as_nobody "$BIGFILE" status
	[[ "$output" != *play* ]]
	run as_nobody dd if=/dev/zero of="$page" count=1 status=none
	[ "$status" != 0 ]
	chmod 666 "$page"
	run as_stranger "$BIGFILE" commit "$(basename "$page")"
	echo "$output"
	[[ "$output" == *"not to be trusted"* ]]
	go
	wait $! || true
	[ "$(byte data.bin 1)" = a ]
}

@test "in a set-uid program Bigfile is inert" {
	needs_root
	as_nobody_can_reach
	letters data.bin 20000
	chmod 666 data.bin
	chmod 777 .
	cp "$PROGS/play" setuid
	chown 65534 setuid
	chmod 4755 setuid
	run as_stranger env LD_PRELOAD="$PWD/libbigfile.so" BIGFILE_PATHS="$PWD/data.bin" ./setuid "open:$PWD/data.bin" map:0:4096 set:0:1:X exit:3
	echo "$output"
	[ "$status" = 3 ]
	[ "$(byte data.bin 1)" = X ]
	no_journal
}

@test "a file that one user calls put aside does not take the place of another's empty file" {
	sticky
	as_stranger touch lock
	as_nobody sh -c 'echo evil >lock.bigfile-unlinked'
	run "$BIGFILE" recover "$PWD"
	echo "$output"
	[ "$(stat -c %u lock)" = $STRANGER ]
	[ "$(stat -c %s lock)" = 0 ]
	[ "$(cat lock.bigfile-kept)" = evil ]
}
