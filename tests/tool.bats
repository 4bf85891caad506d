load helpers

@test "run passes the exit status on" {
	run bigfile run -p "$PWD/x" -- sh -c 'exit 42'
	[ "$status" = 42 ]
	run bigfile run -p "$PWD/x" -- /no/such/program
	[ "$status" = 127 ]
	run bigfile run -p "$PWD/x" -- /etc/passwd
	[ "$status" = 126 ]
	run bigfile run
	[ "$status" = 2 ]
}

@test "run warns of a program that cannot be preloaded" {
	echo 'int main(void) { return 0; }' >s.c
	gcc -static -o static s.c || skip "no static libc"
	run bigfile run -p "$PWD/x" -- ./static
	[ "$status" = 0 ]
	[[ "$output" == *"./static: is linked statically, so it cannot be preloaded"* ]]
	gcc -o setuid s.c
	chmod u+s setuid
	run bigfile run -p "$PWD/x" -- ./setuid
	[[ "$output" == *"set-uid"* ]]
	printf '#!%s/static\n' "$PWD" >script
	chmod +x script
	run bigfile run -p "$PWD/x" -- ./script
	[[ "$output" == *"linked statically"* ]]
	# What the Go linker leaves in its programs, behind another note.
	gcc -Wl,--build-id -o go -x c - <<-'END'
		__asm__(".pushsection .note.go.buildid,\"a\",@note\n.long 4, 3, 4\n.ascii \"Go\\0\\0id\\0\\0\"\n.popsection");
		int main(void) { return 0; }
	END
	run bigfile run -p "$PWD/x" -- ./go
	[ "$status" = 0 ]
	[[ "$output" == *"./go: is a Go program"*"WITHOUT transactions"* ]]
	run bigfile run -p "$PWD/x" -- true
	[[ "$output" != *"WITHOUT transactions"* ]]
}

@test "run has an option for each variable" {
	run bigfile run -p x --tracker=mprotect --view private --journal-dir=j --exit=abort --sync=defer --interval=60 --durable=no --wait=3 \
		--network=any --memory=1G --on-error=warn --commit-signal=none --abort-signal=WINCH --log=error --blame=b --log-format=json -- env
	for v in PATHS=x TRACKER=mprotect VIEW=private JOURNAL_DIR="$PWD/j" EXIT=abort SYNC=defer INTERVAL=60 DURABLE=no WAIT=3 NETWORK=any MEMORY=1G \
		ON_ERROR=warn COMMIT_SIGNAL=none ABORT_SIGNAL=WINCH LOG=error BLAME="$PWD/b" LOG_FORMAT=json; do
		grep -qx "BIGFILE_$v" <<<"$output" || { echo "$v: $output"; return 1; }
	done
	[ "$(grep -oE '"BIGFILE_[A-Z_]+"' "$TOP/shim/config.c" | sort -u | wc -l)" = 17 ]
}

@test "run refuses a word that an option does not take" {
	run -2 bigfile run -p x --sync=defre -- touch ran
	[ "$output" = "bigfile: --sync=defre: must be one of commit defer; see bigfile run --help" ]
	[ ! -e ran ]
	# What it takes is what the engine understands, in any case.
	sed -nE 's/^\tX\("([a-z-]+)".*, "([^"]+)"\).*/\1 \2/p' "$TOP/cli/settings.h" >words
	[ "$(wc -l <words)" = "$(grep -c 'choose("' "$TOP/shim/config.c")" ]
	while read -r option all; do
		for word in $all; do
			bigfile run -p x "--$option=${word^^}" -- true 2>>said
		done
	done <words
	run ! grep "not understood" said
	[ "$(wc -l <said)" -gt 9 ] # as no file matches
}

@test "run refuses a number, a size and a signal that an option does not take" {
	refuses() {
		run -2 bigfile run -p x "$1" -- touch ran
		[ "$output" = "bigfile: $1: must be $2; see bigfile run --help" ] && [ ! -e ran ] || { echo "$output"; return 1; }
	}
	seconds="a number of seconds up to 2147483, such as 30 or 0.5"
	refuses --interval=5m "$seconds"
	refuses --wait=-1 "$seconds"
	refuses --wait=2147484 "$seconds"
	refuses --memory=lots "a number of bytes above 0, or of K, M, G or T, such as 800M"
	refuses --memory=0 "a number of bytes above 0, or of K, M, G or T, such as 800M"
	signal="a signal's name or number, not KILL, STOP, SEGV or BUS; or none"
	refuses --commit-signal=USR3 "$signal"
	refuses --abort-signal=KILL "$signal"
	# A variable is the engine's to look at, which ends nobody's program.
	: >x
	run -0 env BIGFILE_INTERVAL=5m "$BIGFILE" run -p x -- echo ran
	[[ "$output" == "bigfile["*"]: BIGFILE_INTERVAL=5m is not a number of seconds: see bigfile(7)
ran" ]]
}

@test "run takes the numbers and signals that the engine takes" {
	: >x
	for option in interval=0 interval=.25 wait=2147483 wait= memory=1 memory=8388607T; do
		bigfile run -p x "--$option" -- true
	done >said 2>&1
	# Each name that there is: the launcher's libc may count otherwise.
	for signal in $(kill -l | tr -s '\t ' '\n' | grep '^SIG'); do
		number=$(kill -l "$signal")
		case $signal in
		SIGKILL | SIGSTOP | SIGSEGV | SIGBUS) continue ;;
		SIGIO) signal=POLL ;;
		SIGRTMAX*) signal=RTMIN+$((number - 34)) ;;
		esac
		bigfile run -p x "--commit-signal=$number" "--abort-signal=${signal,,}" -- true
	done >>said 2>&1
	diff said /dev/null
}

@test "run finds the command as execvp does" {
	mkdir bin dir
	printf 'echo "script $1"\n' >bin/plain
	printf '#!/bin/sh\n' >bin/closed
	chmod +x bin/plain
	run env PATH="$PWD/dir:$PWD/bin:$PATH" "$BIGFILE" run -p x -- plain word
	[ "$status" = 0 ]
	[[ "$output" == *"script word" ]]
	run env PATH="$PWD/dir:$PWD/bin" "$BIGFILE" run -p x -- closed
	[ "$status" = 126 ]
	run env PATH="$PWD/dir:$PWD/bin" "$BIGFILE" run -p x -- nowhere
	[ "$status" = 127 ]
	run bigfile run -p x -- "$BIGFILE" run -p y -- true
	[[ "$output" != *WITHOUT* ]]
}

@test "run adds to the environment that it finds" {
	export BIGFILE_PATHS=/old LD_PRELOAD=
	run bigfile run -p a -p b --tracker uffd --journal-dir j --exit=abort --sync defer -v -- \
		sh -c 'echo "$BIGFILE_PATHS $BIGFILE_TRACKER $BIGFILE_JOURNAL_DIR $BIGFILE_EXIT $BIGFILE_SYNC $BIGFILE_LOG $LD_PRELOAD"'
	[ "${lines[-1]}" = "b:a:/old uffd $PWD/j abort defer info $BUILD/.libs/libbigfile.so" ]
	run bigfile run -p
	[ "$status" = 2 ]
	[ "$output" = "bigfile: Missing argument for -p; see bigfile run --help" ]
	run bigfile run --frob -- true
	[ "$output" = "bigfile: Unknown option --frob; see bigfile run --help" ]
}

@test "a copy works where its parts lie together" {
	mkdir copy
	cp "$BUILD/bigfile" "$BUILD/bigfile-tool" "$BUILD/.libs/libbigfile.so" copy/
	letters data.bin 5000
	copy/bigfile run -p data.bin -- "$PROGS/play" open:data.bin map:0:4096 set:0:1:X exit:0
	[ "$(byte data.bin 1)" = X ]
	copy/bigfile check data.bin
	run copy/bigfile frobnicate
	[ "$output" = 'bigfile: there is no command "frobnicate"; see bigfile --help' ]
}

@test "relative patterns, folders and links" {
	mkdir -p d/e
	letters d/e/data.bin 20000
	letters data.bin 20000
	run bigfile run -p 'd/' -- "$PROGS/play" open:d/e/data.bin map:0:4096 set:0:1:X _exit:1
	[ "$(byte d/e/data.bin 1)" = a ]
	run bigfile run -p '*.bin' -- "$PROGS/play" open:data.bin map:0:4096 set:0:1:X _exit:1
	[ "$(byte data.bin 1)" = a ]
	ln -s d/e link
	run bigfile run -p 'link/*' -- "$PROGS/play" open:d/e/data.bin map:0:4096 set:0:1:X _exit:1
	[ "$(byte d/e/data.bin 1)" = a ]
	run bigfile run -p '*' -- "$PROGS/play" open:d/e/data.bin map:0:4096 set:0:1:X _exit:1
	[ "$(byte d/e/data.bin 1)" = X ]
}

@test "commit and abort by process and by file, and what is wrong otherwise" {
	letters data.bin 20000
	start_play map:0:4096 set:0:1:X ready set:0:2:Y ready get:0:2 exit:1
	bigfile commit data.bin
	[ "$(byte data.bin 1)" = X ]
	go
	until_true 60 ready_count 2
	bigfile abort $pid
	go
	wait $pid || true
	[ "$(grep -v ready out)" = a ]
	run bigfile commit $pid
	[ "$status" = 3 ]
	[[ "$output" == "bigfile: process $pid: "* ]]
	run bigfile commit data.bin
	[ "$status" = 3 ]
	run bigfile commit
	[ "$status" = 2 ]
	run bigfile frobnicate
	[ "$status" = 2 ]
}

@test "a program that owns or blocks SIGUSR1 is committed by the tool" {
	letters data.bin 20000
	/usr/bin/python3 -c 'import mmap' || skip "no python3"
	cat >p.py <<-'PY'
		import mmap, os, signal, sys
		signal.signal(signal.SIGUSR1, lambda *a: print("mine", flush=True))
		signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
		f = open("data.bin", "r+b")
		m = mmap.mmap(f.fileno(), 0)
		m[1] = ord("X")
		print("ready", flush=True)
		sys.stdin.readline()
		os._exit(1)
	PY
	mkfifo go.pipe
	"$BIGFILE" run -p data.bin -- /usr/bin/python3 p.py <go.pipe >out &
	pid=$!
	exec 7>go.pipe
	until_true 60 grep -q ready out
	kill -USR1 $pid
	until_true 60 grep -q mine out
	[ "$(byte data.bin 1)" = a ]
	bigfile commit $pid
	[ "$(byte data.bin 1)" = X ]
	go
	wait $pid || true
}

@test "status tells sizes, dirty pages and counts" {
	letters data.bin 20000
	start_play map:0:40000 set:0:1:X set:0:9000:X ready trunc:30000 ready exit:0
	bigfile status --json $pid | jq -e '.processes[0].files[0] | .dirty_pages == 2 and .size == 20000 and .writing'
	bigfile commit $pid
	bigfile status --json $pid | jq -e '.processes[0] | .commits == 1 and .files[0].dirty_pages == 0'
	go
	until_true 60 ready_count 2
	bigfile status --json $pid | jq -e '.processes[0].files[0] | .size == 30000 and .committed_size == 20000'
	go
	wait $pid
	run bigfile status --json
	! jq -e ".processes[] | select(.pid == $pid)" <<<"$output"
}

@test "who is looked at all the time empties its journal all the same" {
	letters data.bin 20000
	local n
	start_play map:0:20000 set:0:1:X msync:0 ready set:0:1:Y msync:0 ready set:0:1:Z msync:0 ready exit:0
	emptied() { bigfile status --json $pid | jq -e '.processes[0].files[0].journal_bytes == 0'; }
	# It has been for three seconds already, on a machine that was held up.
	for n in 2 3; do
		emptied || break
		go
		until_true 60 ready_count $n
	done
	run ! emptied
	until_true 60 emptied
	exec 7>&-
	wait $pid
}

@test "a process that maps no marked file: no thread, no descriptor, no page" {
	bigfile run -p "$PWD/x" -- sh -c 'ls /proc/self/task | wc -l; ls /proc/$$/fd; ls /dev/shm/bigfile-$(id -u) | grep -c "^$$\$"' >with || true
	sh -c 'ls /proc/self/task | wc -l; ls /proc/$$/fd; echo 0' >without
	cmp with without
}

@test "log tells the transactions that a journal holds" {
	letters a 20000
	letters b 20000
	run bigfile log a
	[ "$output" = "a: no journal: all that was committed is in the file" ]
	bigfile run -p "$PWD/?" -- "$PROGS/play" open:a map:0:20000 open:b map:0:20000 set:0:1:X set:0:8000:Y msync:0 set:1:5:Z set:0:3:W msync:0 \
		raise:9 || true
	run -0 bigfile log -r a
	[[ "${lines[0]}" == "a: journal of process "*" (play) on "* ]]
	[[ "${lines[1]}" == "  1  "*" bytes in 2 ranges, size 20000, transaction "* ]]
	[[ "${lines[3]}" == "      [8000, "* ]]
	[ "${#lines[@]}" = 6 ]
	run -0 bigfile log --json a b
	[ "$(jq -s '.[0].transactions[1].transaction == .[1].transactions[0].transaction' <<<"$output")" = true ]
	[ "$(jq -s -c '[.[].transactions | length]' <<<"$output")" = "[2,1]" ]
	[ "$(jq -s '.[0].transactions[0].ranges | any(.[0] <= 8000 and 8000 < .[1])' <<<"$output")" = true ]
	printf x | dd of=a.bigfile-journal bs=1 seek=100 conv=notrunc status=none
	printf x | dd of=a.bigfile-journal bs=1 seek=4196 conv=notrunc status=none
	run -1 bigfile log a
	[[ "$output" == *"see bigfile check" ]]
	run -1 bigfile log nothing
}

@test "where there is nothing it is said" {
	letters data.bin 20000
	run -3 bigfile commit nothing
	[ "$output" = "bigfile: nothing: No such file or directory" ]
	run -1 bigfile log nothing
	[ "$output" = "bigfile: nothing: No such file or directory" ]
	run -0 bigfile log --json data.bin
	[ "$(jq -c . <<<"$output")" = '{"file":"data.bin","transactions":[]}' ]
	for command in check recover; do
		run -0 bigfile $command .
		[ "$output" = "no journal is there: nothing to do" ]
	done
	start_play map:0:20000 set:0:1:X ready exit:3
	run -0 bigfile log data.bin
	[ "${lines[1]}" = "  none: all that was committed is in the file" ]
	go
	wait $pid || true
	run -3 bigfile run -v -p data.bin -- "$PROGS/play" open:data.bin map:0:20000 set:0:1:X exit:3
	[[ "$output" == *"what was not committed is rolled back: exit status 3" ]]
	run bigfile run -v -p data.bin -- "$PROGS/play" open:data.bin romap:0:20000 exit:3
	[[ "$output" != *"rolled back"* ]]
}

@test "completion in bash" {
	complete_words() {
		PATH=$BUILD:$PATH bash -c 'source /usr/share/bash-completion/bash_completion; source "$0"
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
			compopt() { :; }
			_bigfile; echo "${COMPREPLY[*]}"' "$TOP/completions/bigfile" "$@"
	}
	[ "$(complete_words bigfile re)" = recover ]
	[ "$(complete_words bigfile run --tracker "")" = "uffd mprotect" ]
	[ "$(complete_words bigfile run --jour)" = --journal-dir= ]
	[[ $(complete_words bigfile check --) == *--json* ]]
	touch a.rrd
	[ "$(complete_words bigfile run -p x -- ls a)" = a.rrd ]
}

@test "a name with a line break and an escape stays on its line" {
	local name=$'two\nlines\e[7m' shown='two?lines?[7m'
	letters "$name" 20000
	mkfifo go
	bigfile run -v -p './two*' -- "$PROGS/play" "open:$name" map:0:4096 set:0:1:X msync:0 set:0:1:Y ready <>go >out 2>err &
	until_true 60 grep -q ready out
	grep -F "$PWD/$shown: attached" err
	bigfile status --json >status
	local pid=$(jq --arg name "$PWD/$name" '.processes[] | select(.files[].path == $name) | .pid' status)
	bigfile status | grep -F "$PWD/$shown: "
	bigfile map "$pid" | grep -F "$PWD/$shown: "
	bigfile log "$name" | grep -F "$shown: journal of process $pid"
	run bigfile check "$name"
	[[ "${lines[0]}" = "$shown: busy: "* && "${#lines[@]}" = 1 ]]
	run bigfile check $'no\nwhere'
	[[ "${#lines[@]}" = 1 ]]
	run bigfile run -p $'no\nwhere' -- true
	[ "$output" = "bigfile: no?where: matches no file yet" ]
	kill -9 "$pid"
}
