load helpers

# A commit that is whole in the journal and not in the file.
crash_before_apply() {
	rm -f data.bin*
	letters data.bin 20000
	strace -f -qq -o trace -e inject=fdatasync:signal=SIGKILL:when=${1:-1} -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:X set:0:9000:X msync:0 >/dev/null 2>&1 || true
	[ "$(byte data.bin 1)" = a ]
	[ -e data.bin.bigfile-journal ]
}

@test "check tells, dry-run tells, recover does" {
	crash_before_apply
	run bigfile check data.bin
	[ "$status" = 1 ]
	[[ "$output" == "data.bin: pending: "*"(1 commits, "* ]]
	run bigfile recover --dry-run data.bin
	[ "$status" = 0 ]
	[ "$(byte data.bin 1)" = a ]
	bigfile check --json data.bin | jq -e '.state == "pending" and .records == 1' || [ "${PIPESTATUS[1]}" = 0 ]
	run bigfile recover data.bin
	[ "$status" = 0 ]
	[ "$(byte data.bin 1)$(byte data.bin 9000)" = XX ]
	no_journal
	run bigfile check data.bin
	[ "$status" = 0 ]
}

as_before() {
	cp before.bin data.bin
	[ ! -e before.journal ] || cp before.journal data.bin.bigfile-journal
}
# From the second look at the clock on, since data.bin is written to, a century has passed; the journal's time is set.
pass_once() {
	local writer
	as_before
	strace -f -qq -y -o trace -e trace=clock_gettime,pwrite64 "$@"
	writer=$(grep -m1 'pwrite64([0-9]*<[^>]*/data.bin>' trace | cut -d' ' -f1)
	as_before
	strace -f -qq -y -o trace2 -e trace=clock_gettime,pwrite64,utimensat \
		-e inject=clock_gettime:poke_exit=@arg2=0000000001000000:when=$(($(grep "^$writer " trace | sed '/<[^>]*\/data.bin>/,$d' | grep -c clock_gettime) + 1))+ "$@"
	sed '1,/data.bin>/d' trace2 | grep 'utimensat([0-9]*<.*data.bin.bigfile-journal>, NULL, NULL'
}
# passes COMMAND...: how often the clock is looked at before that is not the same in each run: so several.
passes() {
	local i
	for i in 1 2 3 4 5; do
		if pass_once "$@"; then return; fi
	done
	false
}
@test "who writes to the file for long is not taken for a stranger, should he be killed" {
	local words=() i
	letters data.bin 400000
	for i in $(seq 40); do words+=("set:0:$((i * 4096)):X"); done
	cp data.bin before.bin
	passes env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:400000 "${words[@]}" msync:0 exit:0
	cp before.bin data.bin
	strace -f -qq -o trace -e inject=fdatasync:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_PATHS="$PWD/data.bin" \
		"$PROGS/play" open:data.bin map:0:400000 "${words[@]}" msync:0 exit:0 || true
	cp data.bin.bigfile-journal before.journal
	passes "$BUILD/bigfile-tool" recover --force data.bin
	[ "$(byte data.bin 4096)" = X ]
}

@test "RLIMIT_FSIZE fails the recovery, with a line" {
	crash_before_apply
	run bash -c 'ulimit -f 8; "$BIGFILE" recover data.bin'
	[ "$status" = 1 ]
	[[ "$output" == *"File too large"* ]]
	bigfile recover data.bin
	[ "$(at 1 9000)" = XX ]
	no_journal
}

@test "the next program that opens the file finds it recovered" {
	crash_before_apply
	run bigfile run -p "$PWD/data.bin" -- cat data.bin
	[ "$(head -c 2 <<<"$output")" = aX ]
	no_journal
}

@test "so does one that only maps an inherited descriptor" {
	crash_before_apply
	run bash -c '"$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:/dev/fd/9 map:0:4096 get:0:1 exit:0 9<>data.bin'
	[ "$output" = X ]
}

@test "a truncated journal is an honest loss only if nothing was acknowledged" {
	crash_before_apply
	truncate -s 8192 data.bin.bigfile-journal
	run bigfile check data.bin
	[ "$status" = 0 ]
	crash_before_apply 2 || true
	rm -f data.bin*
	letters data.bin 20000
	run play map:0:20000 set:0:1:X msync:0 set:0:2:Y msync:0 raise:9
	truncate -s 8192 data.bin.bigfile-journal
	run bigfile check data.bin
	echo "$output"
	[ "$status" = 2 ]
	run bigfile recover data.bin
	[ "$status" = 1 ]
	run play map:0:4096 exit:0
	[[ "$output" == *"open: EBADMSG"* ]]
	[[ "$output" == *"recovery refused: a committed record is damaged or missing; see bigfile check"* ]]
	bigfile recover --discard data.bin
	no_journal
	run play map:0:4096 exit:0
	[ "$status" = 0 ]
}

@test "a flipped bit in any block of a journal with two commits is found" {
	for at in 100 4200 8200 8300 8400 12300 12400; do
		rm -f data.bin*
		letters data.bin 20000
		run play map:0:20000 set:0:1:X msync:0 set:0:9000:Y msync:0 raise:9
		cp data.bin good
		printf '\377' | dd of=data.bin.bigfile-journal bs=1 seek=$at conv=notrunc status=none
		run bigfile recover data.bin
		echo "$at: $output"
		# Refused, or what is left gives the very same file.
		[ "$status" = 1 ] || [ "$status" = 0 ]
		cmp data.bin good
	done
}

@test "a journal of another file" {
	crash_before_apply
	cp data.bin other
	mv other data.bin
	run bigfile check data.bin
	[ "$status" = 2 ]
	[[ "$output" == *foreign* ]]
	run play map:0:4096 exit:0
	[[ "$output" == *"open: ESTALE"* ]]
	bigfile recover --force data.bin
	[ "$(byte data.bin 1)" = X ]
}

@test "a file that was changed since" {
	crash_before_apply
	printf Q | dd of=data.bin bs=1 seek=300 conv=notrunc status=none
	run bigfile check data.bin
	[ "$status" = 2 ]
	[[ "$output" == *"changed without Bigfile"* ]]
	run bigfile recover data.bin
	[ "$status" = 1 ]
	[ "$(byte data.bin 1)$(byte data.bin 300)" = aQ ]
	bigfile recover --force data.bin
	[ "$(byte data.bin 1)$(byte data.bin 300)" = XQ ]
}

@test "a change after everything was applied is kept" {
	letters data.bin 20000
	run play map:0:20000 set:0:1:X msync:0 raise:9
	[ "$(byte data.bin 1)" = X ]
	printf Q | dd of=data.bin bs=1 seek=1 conv=notrunc status=none
	run bigfile recover data.bin
	[ "$status" = 0 ]
	[ "$(byte data.bin 1)" = Q ]
}

@test "and one that brings back an older file is refused, other times alone are not" {
	local old
	for old in X a; do
		letters data.bin 20000
		touch -d 2001-01-01 data.bin
		cp -p data.bin old
		run play map:0:20000 set:0:1:X msync:0 raise:9
		if [ $old = X ]; then touch -d 2001-01-01 data.bin; else cp -p old data.bin; fi
		run bigfile recover data.bin
		echo "$output"
		[ "$status" = $([ $old = X ] && echo 0 || echo 1) ]
		[ "$(byte data.bin 1)" = $old ]
		[ $old = X ] || bigfile recover --force data.bin
		[ "$(byte data.bin 1)" = X ]
		no_journal
	done
}

@test "such a change is not undone when it cannot be told which boot this is" {
	letters data.bin 20000
	run play map:0:20000 set:0:1:X msync:0 raise:9
	printf Q | dd of=data.bin bs=1 seek=1 conv=notrunc status=none
	for when in 1 2 3; do
		run strace -f -qq -o trace -P /proc/sys/kernel/random/boot_id -e trace=openat -e inject=openat:error=EMFILE:when=$when "$BIGFILE" recover data.bin
		echo "$output"
		[ "$(byte data.bin 1)" = Q ]
		grep -q INJECTED trace || break
		[ "$status" = 1 ]
		[[ "$output" == *"cannot be told: /proc/sys/kernel/random/boot_id: Too many open files"* ]]
		[ -e data.bin.bigfile-journal ]
	done
	[ $when -gt 1 ]
	[ "$status" = 0 ]
}

@test "a journal of a newer version is left alone" {
	crash_before_apply
	printf '\007' | dd of=data.bin.bigfile-journal bs=1 seek=8 conv=notrunc status=none
	cp data.bin.bigfile-journal keep
	for options in "" --force; do
		run bigfile recover $options data.bin
		[ "$status" = 1 ]
		[[ "$output" == *"newer version"* ]]
	done
	cmp keep data.bin.bigfile-journal
	[ "$(byte data.bin 1)" = a ]
}

@test "what is not a journal of ours is not touched" {
	letters data.bin 20000
	letters victim 100
	ln -s victim data.bin.bigfile-journal
	run play map:0:4096 set:0:1:X exit:0
	[[ "$output" == *"map: EPERM"* || "$output" == *"open: EPERM"* ]]
	run bigfile recover data.bin
	[ "$status" = 1 ]
	cmp victim <(head -c 100 /dev/zero | tr '\0' a)
	[ "$(byte data.bin 1)" = a ]
}

@test "a long journal, wrapped and trimmed, is redone in order" {
	rm -f data.bin
	truncate -s 40M data.bin
	words=()
	for i in $(seq 1 30); do
		c=$(printf "\\x$(printf %x $((64 + i)))")
		words+=("fill:0:$((i * 100000)):3000000:$c" msync:0)
	done
	run play map:0:40000000 "${words[@]}" raise:9
	cp data.bin good
	bigfile recover data.bin
	cmp data.bin good
	[ "$(byte data.bin 3000000)" = "$(printf "\\x$(printf %x $((64 + 30)))")" ]
}

# on_terminal COLUMNS COMMAND...: what it shows there, a screen's line at a time, whose writes and syncs take long.
on_terminal() {
	local columns=$1
	shift
	script -qec "stty cols $columns; strace -f --seccomp-bpf -P '$PWD/data.bin' -o trace -e trace=pwrite64,fsync,fdatasync -e inject=pwrite64:delay_exit=40000 \
		-e inject=fsync,fdatasync:delay_enter=1300000 $*" /dev/null </dev/null | tr '\r' '\n'
}

@test "what takes long says so on a terminal, for as long as it takes" {
	[ -z "${EMULATED-}" ] || skip "an emulated processor: here other things take long"
	strace -o trace -e inject=getppid:delay_enter=1 true || skip "strace cannot delay calls here"
	truncate -s 40M data.bin
	run play map:0:40000000 fill:0:0:36000000:X msync:0 raise:9
	on_terminal 100 "$BIGFILE-tool" recover data.bin >shown
	grep -E "data.bin is being recovered: [1-9][0-9]* %, [0-9.]+ MiB of 34.3 MiB, [0-9]+ s left$" shown
	# Nothing of it stays: what is printed comes on an empty line.
	[[ "$(tail -n 2 shown)" = $'\e[Kdata.bin: '*recovered* ]]
	# In a program, which a narrow terminal has.
	run play map:0:40000000 fill:0:0:36000000:Y msync:0 raise:9
	BIGFILE_PATHS=$PWD/data.bin on_terminal 60 env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:data.bin map:0:40000000 fill:0:0:36000000:Z exit:0 >shown
	grep -E '^.\[K.*data.bin is being recovered: [0-9]+ %, [0-9]+ s left$' shown
	grep -E '^.\[K.*data.bin is being written to the disk: [0-9]+ %' shown
	[ "$(grep -vc $'^\e\[K' shown)" -le 1 ]
	[ "$(tail -c 4 shown | tr -d '\n')" = $'\e[K' ]
	[ "$(byte data.bin 3000000)" = Z ]
	# Nobody looks on.
	run play map:0:40000000 fill:0:0:36000000:X msync:0 raise:9
	run strace -f --seccomp-bpf -P "$PWD/data.bin" -o trace -e trace=pwrite64 -e inject=pwrite64:delay_exit=40000 "$BIGFILE-tool" recover data.bin
	[[ "$output" = "data.bin: "*recovered && "${#lines[@]}" = 1 ]]
}

@test "a commit that takes long says so on a terminal" {
	strace -o trace -e inject=getppid:delay_enter=1 true || skip "strace cannot delay calls here"
	truncate -s 40M data.bin
	BIGFILE_PATHS=$PWD/data.bin script -qec "stty cols 100; strace -f --seccomp-bpf -P '$PWD/data.bin.bigfile-journal' -P '$PWD/data.bin' -o trace \
		-e trace=pwrite64 -e inject=pwrite64:delay_exit=200000 env LD_PRELOAD='$BUILD/.libs/libbigfile.so' '$PROGS/play' \
		open:data.bin map:0:40000000 fill:0:0:36000000:Z exit:0" /dev/null </dev/null | tr '\r' '\n' >shown
	grep -E 'data.bin is being committed: [1-9] s$' shown
	# The parts of it need not take a second each.
	grep -E 'data.bin is being changed: [0-9]+ %, [0-9.]+ MiB of 34.3 MiB' shown
	[ "$(tail -c 4 shown | tr -d '\n')" = $'\e[K' ]
	[ "$(byte data.bin 3000000)" = Z ]
}

@test "a terminal that is held (Ctrl-S) holds nobody up" {
	[ -z "${EMULATED-}" ] || skip "an emulated processor: here other things take long"
	strace -o trace -e inject=getppid:delay_enter=1 true || skip "strace cannot delay calls here"
	truncate -s 40M data.bin
	BIGFILE_PATHS=$PWD/data.bin run timeout 300 /usr/bin/python3 -c 'if True:
		import pty, subprocess, sys, termios
		end, terminal = pty.openpty()
		termios.tcflow(terminal, termios.TCOOFF)
		program = subprocess.Popen(sys.argv[1:], stderr=terminal, stdout=subprocess.DEVNULL)
		try:
			program.wait(120)
		finally:
			termios.tcflow(terminal, termios.TCOON)
			program.wait()' \
		strace -f --seccomp-bpf -P "$PWD/data.bin" -o trace -e trace=fsync,fdatasync -e inject=fsync,fdatasync:delay_enter=1500000 \
		-E LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:data.bin map:0:40000000 fill:0:0:36000000:Z exit:0
	echo "$output"
	[ "$status" = 0 ]
	[ "$(byte data.bin 3000000)" = Z ]
}

# hold_journal SECONDS: another process has its lock.
hold_journal() {
	/usr/bin/python3 -c '
import fcntl, os, struct, sys, time
f = open("data.bin.bigfile-journal", "r+b")
fcntl.fcntl(f, 38, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLKW
open("held", "w").close()
time.sleep(float(sys.argv[1]))
os._exit(0)' "$1" &
	until_true 60 test -e held
}

# The kernel's work for a process that was killed is not over when that is gone.
killed_and_held() {
	play map:0:20000 set:0:5:X msync:0 raise:9 || true
	hold_journal 0.2
	bigfile recover data.bin
	[ "$(at 5)" = X ]
	no_journal
	rm held
}
@test "a journal that is held a moment longer than its process lives is recovered" { each_tracker killed_and_held; }

@test "a journal without a file that somebody holds: recover says so" {
	letters data.bin 20000
	play map:0:20000 set:0:5:X msync:0 raise:9 || true
	rm data.bin
	hold_journal 100
	run -1 bigfile recover data.bin
	[[ "$output" == *"data.bin: the file is gone, and a living process holds its journal; "* ]]
	[ -e data.bin.bigfile-journal ]
}
