# A participant that is stopped, by SIGSTOP or a debugger, and shares a transaction.
load helpers

# Two, the second of them stopped after it has stored Y; then the first stores Z.
one_stopped() {
	begin map:0:20000 set:0:5:X post:first await:stopped set:0:9000:Z post:stored await:end "$1"
	first=$pid
	posted first
	begin map:0:20000 set:0:6:Y post:second await:go get:0:9000 set:0:7:Y post:third await:end exit:0
	second=$pid
	posted second
	kill -STOP $second
	until_true 60 grep -q '^State:.*T' /proc/$second/status
	touch stopped
	posted stored
}
goes_on() {
	kill -CONT $second
	until_true 60 bigfile commit $first
	[ "$(at 5 6 9000)" = XYZ ]
	touch go
	posted third
	bigfile commit "$first"
	[ "$(at 7)" = Y ]
	# Not at the same time: if the other one was there a moment longer, it would be the one that decides, and leaves all to recovery.
	kill -9 $first
	wait $first || true
	touch end
	wait $second
	[[ "$(cat out)" = Z ]]
	no_journal
}

not_asked() {
	one_stopped raise:9
	bigfile commit $first
	[ "$(at 5 6 9000)" = XYZ ]
	goes_on
}
@test "uffd: the others commit what a stopped one has stored" { TRACKERS=uffd each_tracker not_asked; }

asked() {
	one_stopped raise:9
	run bigfile commit $first
	echo "$output"
	[ "$status" != 0 ]
	[[ "$output" == *"timed out"* ]]
	[ "$(at 5 6 9000)" = aaa ]
	grep -q "process $second shares this transaction and does not answer: continue or end it" err
	goes_on
}
@test "mprotect: a commit fails while one is stopped, and says why; nothing is lost" { TRACKERS=mprotect each_tracker asked; }

killed_instead() {
	one_stopped raise:9
	run bigfile commit $first
	kill -9 $second
	wait $second || true
	bigfile commit $first
	[ "$(at 5 6 9000)" = XYZ ]
	touch end
	wait $first || true
}
@test "when the stopped one is killed the others commit what it has stored" { each_tracker killed_instead; }

# Stores without pause in one, so that writers must be held, and a stopped one that cannot be asked to.
held() {
	head -c $((64 * 4096 + 1000)) /dev/zero >data.bin
	"$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/invariant" store data.bin 4 200 >out &
	first=$!
	until_true 60 grep -q ready out
	begin map:0:4096 get:0:4000 post:second await:end _exit:1
	second=$pid
	posted second
	kill -STOP $second
	until_true 60 grep -q '^State:.*T' /proc/$second/status
	"$PROGS/invariant" drive $first data.bin 4 3
	kill -CONT $second
	"$PROGS/invariant" drive $first data.bin 4 3
	touch end
	wait $second || true
	kill -9 $first
	wait $first || true
	bigfile recover data.bin
	"$PROGS/invariant" check data.bin 4
}
@test "uffd: the others hold their own writers while one is stopped" { TRACKERS=uffd each_tracker held; }

slow() {
	one_stopped raise:9
	kill -CONT $second
	strace -f -qq -o trace -e inject=mprotect:delay_enter=1500000:when=1 -p $second &
	until_true 60 traced $second
	bigfile commit $first
	[ "$(at 5 6 9000)" = XYZ ]
	grep -q 'mprotect.*DELAYED' trace
	touch go
	goes_on
}
@test "mprotect: one that takes long to tell what it has stored is waited for" { TRACKERS=mprotect each_tracker slow; }

# Content that one which is stopped may touch cannot leave; nobody waits for it with the lock in hand.
others_load() {
	local i words=()
	letters data.bin 8388608
	for i in $(seq 0 49152 8388000); do words+=("get:0:$i"); done
	BIGFILE_MEMORY=128K begin map:0:8388608 set:0:5:X fork post:second await:end get:0:8000000 endchild post:first await:stopped "${words[@]}" set:0:9:Y post:walked \
		await:end exit:0
	first=$pid
	second=$(posted second)
	kill -STOP $second
	until_true 60 grep -q '^State:.*T' /proc/$second/status
	touch stopped
	until_true 20 test -e walked
	kill -CONT $second
	touch end
	wait $first
	until_true 60 gone $second
	[ -z "$(tr -d 'a\n' <out)" ]
	[ "$(at 5 9 8000000)" = XYa ]
	no_journal
}
@test "the others go on loading a large file while one is stopped" { each_tracker others_load; }

# A child of vfork() is no participant, but loads what it touches: its copy must not come over what others store.
slow_child() {
	letters data.bin 8388608
	begin map:0:8388608 set:0:9:X post:first await:claimed set:0:4000000:Z await:end get:0:4000000 exit:0
	posted first
	strace -f -qq -o trace -e trace=madvise -e inject=madvise:delay_enter=2000000:when=2 env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*.bin" \
		"$PROGS/play" open:data.bin map:0:8388608 set:0:5:Y post:second vget:0:4000000 post:third await:end exit:0 >out.vfork 2>err.vfork &
	until_true 60 grep -q 'POPULATE_WRITE' trace
	[ ! -e third ]
	touch claimed
	posted third
	touch end
	wait
	[ "$(at 5 9 4000000)$(cat out)" = YXZZ ]
	no_journal
}
@test "a child of vfork() that takes long to load a part of a file does not undo what others store there" { each_tracker slow_child; }

# Stopped while another brought a file into the transaction, stored to it, and died.  strace...: what the other is run by.
brought_meanwhile() {
	letters two.bin 20000
	rm -f one two three second goon
	bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:data.bin map:0:20000 set:0:5:X post:one await:goon \
		${words[@]-msync:0 post:done await:again set:0:7:W msync:0 post:over} await:end exit:0 >out 2>err &
	posted one >one.pid
	"$@" env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:6:Y post:two await:second \
		open:two.bin map:0:20000 set:1:1:Z post:three ${MSYNC:-} await:never 2>err.two &
	posted two >two.pid
	kill -STOP "$(cat one.pid)"
	until_true 60 grep -q '^State:.*T' /proc/"$(cat one.pid)"/status
	: >second
	until_true 60 test -e three
	[ -n "${MSYNC:-}" ] || kill -9 "$(cat two.pid)"
	until_true 60 gone "$(cat two.pid)"
}
ends() {
	: >end
	until_true 60 gone "$(cat one.pid)"
	no_journal
}

handed_over() {
	brought_meanwhile
	# Nobody else recovers the file, and rolls back what the stopped one is to commit.
	run bigfile recover two.bin
	[ "$status" != 0 ]
	# Nor is it forgotten what the dead one may have stored to, by one that comes, finds it dead, and cannot have that file.
	run bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:data.bin map:0:20000 get:0:5 _exit:1
	echo "$output"
	kill -CONT "$(cat one.pid)"
	: >goon
	posted done >/dev/null
	run ! grep msync out
	[ "$(at 5 6)$(byte two.bin 1)" = XYZ ]
	: >again
	posted over >/dev/null
	[ "$(at 7)" = W ]
	ends
}
@test "what a killed one brought and stored while another was stopped is committed by that" { each_tracker handed_over; }

# More of them than a socket takes where nobody has said how many it may take; systemd does, and a network namespace of our own can.
many_handed_over() {
	local i words=()
	for i in $(seq 20); do
		letters "f$i.bin" 20000
		words+=("open:f$i.bin" map:0:20000 "set:$((i - 1)):1:Z")
	done
	export BIGFILE_PATHS="$PWD/*.bin"
	nsenter -n -t "$namespace" env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:data.bin map:0:20000 set:0:5:X fork endchild wait post:one await:goon \
		msync:0 post:done await:end exit:0 >out 2>err &
	posted one
	kill -STOP "$(cat one)"
	until_true 60 grep -q '^State:.*T' /proc/"$(cat one)"/status
	nsenter -n -t "$namespace" env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" "${words[@]}" open:data.bin map:0:20000 post:two await:never 2>err.two &
	posted two
	kill -9 "$(cat two)"
	until_true 60 gone "$(cat two)"
	kill -CONT "$(cat one)"
	: >goon
	posted done
	run ! grep msync out
	[ "$(at 5)$(for i in $(seq 20); do byte "f$i.bin" 1; done)" = XZZZZZZZZZZZZZZZZZZZZ ]
	: >end
	until_true 60 gone "$(cat one)"
	no_journal
}
@test "however many files a killed one brought while another was stopped, that has them all" {
	unshare -n true || skip "a network namespace cannot be made here"
	unshare -n sleep 100 &
	namespace=$!
	until_true 60 sh -c "[ \$(readlink /proc/$namespace/ns/net) != \$(readlink /proc/self/ns/net) ]"
	nsenter -n -t $namespace sh -c 'echo 64 >/proc/sys/net/unix/max_dgram_qlen'
	each_tracker many_handed_over
	kill $namespace
}

# One that was stopped takes up files, and takes long, when the other does not wait for its answer any more, and gives up all that it can.
taken_up_late() {
	local words
	four_and_another
	LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:data.bin map:0:20000 set:0:5:X fork endchild wait post:one await:goon \
		open:f3.bin map:0:20000 set:1:1:Z msync:1 close post:done await:end exit:0 >out 2>err &
	posted one
	kill -STOP "$(cat one)"
	until_true 60 grep -q '^State:.*T' /proc/"$(cat one)"/status
	LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" "${words[@]}" open:data.bin map:0:20000 post:two await:full open:other.bin map:0:20000 post:three \
		await:end exit:0 >out.two 2>err.two &
	posted two
	strace -f -qq -o trace -e trace=mmap -e inject=mmap:delay_enter=2000000:when=2 -p "$(cat one)" 2>err.strace &
	until_true 60 traced "$(cat one)"
	prlimit --pid "$(cat two)" --nofile=18:18
	kill -CONT "$(cat one)"
	until_true 60 grep -q 'mmap(.*MAP_SHARED' trace
	: >full
	posted three
	: >goon
	posted done
	: >end
	wait
	run ! grep msync out
	[ "$(at 5)$(byte f3.bin 1)" = XZ ]
	no_journal
}
@test "what one that was stopped takes up late is not given up meanwhile" { each_tracker taken_up_late; }

incomplete() {
	local words=(msync:0 post:done await:again open:two.bin romap:0:20000 get:1:1 map:0:20000 set:2:2:V get:1:2 set:0:7:W msync:0 post:over)
	brought_meanwhile strace -f -qq -o trace -e trace=sendmsg -e inject=sendmsg:error=EPERM
	grep -q "two.bin: process $(cat one.pid), which shares this transaction, cannot take it up, nor be sent it: Operation not permitted" err.two
	kill -CONT "$(cat one.pid)"
	: >goon
	posted done >/dev/null
	grep -q 'msync: EOWNERDEAD' out
	grep -q 'two.bin: was brought into this transaction by processes that were killed.*abort' err
	run bigfile commit "$(cat one.pid)"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"commit failed: Owner died"* ]]
	[ "$(at 5 6)$(byte two.bin 1)" = aaa ]
	bigfile abort "$(cat one.pid)"
	grep -q 'two.bin: the processes that had it were killed; what they had stored to it is rolled back' err
	: >again
	posted over >/dev/null
	# Nor is anything left in the way of one that could not take the file up.
	[ "$(tail -n 2 out | tr '\n' ' ')" = "a V " ]
	[ "$(at 5 6 7)$(byte two.bin 1)$(byte two.bin 2)" = aaWaV ]
	ends
}
@test "a transaction that nobody has whole any more is not committed, and said not to be; an abort ends it" { each_tracker incomplete; }

# What is left of a process that is being killed is not waited for, nor told of: it will commit nothing.
is_ending() {
	letters two.bin 20000
	rm -f one two three second end over held
	bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:data.bin map:0:20000 set:0:5:X msync:0 set:0:5:Y post:one await:never >out 2>err &
	/usr/bin/python3 "$BATS_TEST_DIRNAME/progs/lastbreath.py" "$(posted one)" "$PWD/over" >held &
	bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:data.bin map:0:20000 set:0:6:Y post:two await:second open:two.bin map:0:20000 set:1:1:Z \
		msync:1 post:three await:end exit:0 >out.two 2>err.two &
	posted two >two.pid
	until_true 60 grep -q holds held
	kill -ABRT "$(cat one)"
	until_true 60 grep -q ends held
	: >second
	posted three >/dev/null
	: >end >over
	until_true 60 gone "$(cat two.pid)"
	wait
	cat err.two out.two
	[ -z "$(cat err.two out.two)" ]
	[ "$(at 5 6)$(byte two.bin 1)" = YYZ ]
	no_journal
}
@test "one that is ending is not complained of" { TRACKERS=uffd each_tracker is_ending; }

# Stopped while it takes up a file whose bringer is then killed: an abort by one that was sent nothing must not give the file's number to another one.
taken_up_by_one() {
	letters two.bin 20000
	export BIGFILE_PATHS="$PWD/*.bin"
	local lib=$BUILD/.libs/libbigfile.so tracer
	LD_PRELOAD=$lib "$PROGS/play" open:data.bin map:0:20000 set:0:5:X post:one await:end exit:1 >>out 2>err &
	posted one
	LD_PRELOAD=$lib "$PROGS/play" open:data.bin map:0:20000 post:late await:goon open:two.bin map:0:20000 get:1:1 set:1:2:Q msync:1 post:done await:end exit:1 >>out 2>err.late &
	posted late
	strace -f -qq -o trace -e trace=sendmsg -e inject=sendmsg:error=EPERM env LD_PRELOAD="$lib" "$PROGS/play" open:data.bin map:0:20000 post:two await:second \
		open:two.bin map:0:20000 set:1:1:Z post:three await:never 2>err.two &
	posted two
	kill -STOP "$(cat one)"
	until_true 60 grep -q '^State:.*T' /proc/"$(cat one)"/status
	# The first mmap is for the view, the second for its memory.
	strace -f -qq -o trace.late -e trace=mmap -e inject=mmap:signal=SIGSTOP:when=2 -p "$(cat late)" 2>err.strace &
	tracer=$!
	until_true 60 traced "$(cat late)"
	: >second
	until_true 60 grep -q SIGSTOP trace.late
	kill -9 $tracer
	until_true 60 test -e three
	kill -9 "$(cat two)"
	until_true 60 gone "$(cat two)"
	kill -CONT "$(cat one)"
	run bigfile abort "$(cat one)"
	[ "$status" = 1 ]
	grep "two.bin: process $(cat late) is stopped, and may be about to take it up" err
	kill -CONT "$(cat late)"
	until_true 60 bigfile commit "$(cat one)"
	[ "$(at 5)$(byte two.bin 1)" = XZ ]
	: >goon
	posted done
	[ "$(byte two.bin 2)$(cat out)" = QZ ]
	: >end
	until_true 60 gone "$(cat one)"
	until_true 60 gone "$(cat late)"
	no_journal
}
@test "what one takes up while it is stopped is not dropped by an abort of another" { each_tracker taken_up_by_one; }

# The same, and it is killed in a commit over both files, at each of its syncs in turn.  handed: or nothing is handed over.
in_commit() {
	local n handed both
	for handed in yes no; do
		for n in 1 2 3; do
			rm -rf ./*
			letters data.bin 20000
			refused=()
			[ $handed = yes ] || refused=(-e inject=sendmsg:error=EPERM)
			MSYNC=msync:0 brought_meanwhile strace -f -qq -o trace -e trace=sendmsg,fdatasync -e inject=fdatasync:signal=SIGKILL:when=$n "${refused[@]}"
			kill -CONT "$(cat one.pid)"
			[ $handed = yes ] || bigfile abort "$(cat one.pid)"
			: >goon
			posted done >/dev/null
			run ! grep msync out
			: >again
			posted over >/dev/null
			# As after a crash: what was committed is redone when somebody opens it.
			[ $handed = yes ] || bigfile recover two.bin
			both="$(at 6)$(byte two.bin 1)"
			echo "killed at sync $n, handed over: $handed: $both"
			[ "$both" = YZ ] || [ "$handed $both" = "no aa" ]
			[ "$(at 7)" = W ]
			ends
		done
	done
}
@test "killed in a commit over a file that the stopped one does not have: in both files or in none" { TRACKERS=uffd each_tracker in_commit; }

# Stopped when another gave the file a new journal; a third one, which comes now, opens what it can from the first that has the file.
new_journal() {
	begin map:0:20000 set:0:5:X post:first await:goon msync:0 post:done await:end exit:0
	first=$pid
	posted first
	strace -f -qq -o trace -e trace=fdatasync -e inject=fdatasync:error=EIO:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_PATHS="$PWD/data.bin" \
		"$PROGS/play" open:data.bin map:0:20000 set:0:6:Y post:second await:stopped msync:0 msync:0 post:renewed await:end exit:0 >>out 2>>err &
	second=$(posted second)
	kill -STOP $first
	until_true 60 grep -q '^State:.*T' /proc/$first/status
	touch stopped
	posted renewed
	grep -q 'msync: EIO' out
	[ "$(at 5 6)" = XY ]
	begin map:0:20000 set:0:9000:Z msync:0 post:third await:end exit:0
	third=$(posted third)
	[ "$(at 9000)" = Z ]
	run ! grep -q 'journal (deleted)' <(readlink /proc/$third/task/*/fd/*)
	kill -CONT $first
	touch goon end
	until_true 60 gone $first
	until_true 60 gone $second
	until_true 60 gone $third
	no_journal
}
@test "uffd: who comes while one is stopped writes to the journal that there is now" { TRACKERS=uffd each_tracker new_journal; }

# in_time MS COMMAND...: it takes no longer than so much, and three times what the same took a moment ago, when nothing was in its way.
took=0
takes() {
	local start=${EPOCHREALTIME/[.,]/}
	"$@"
	took=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
}
in_time() { timeout "$(($1 + 3 * took))e-3" "${@:2}"; }

# What one at a time holds who opens a marked file; all processes of a user have the same.
lock_held() {
	local holder program=("$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:20000 set:0:5:X exit:0)
	mkdir -p -m 700 run/bigfile
	export XDG_RUNTIME_DIR=$PWD/run
	takes "${program[@]}"
	letters data.bin 20000
	/usr/bin/python3 -c '
import fcntl, os, signal
f = open("run/bigfile/lock", "w")
fcntl.lockf(f, fcntl.LOCK_EX)
open("held", "w").close()
os.kill(os.getpid(), signal.SIGSTOP)' &
	holder=$!
	until_true 60 test -e held
	until_true 60 grep -q '^State:.*T' /proc/$holder/status
	# By what a process waits for at most there: five seconds.
	in_time 4000 "${program[@]}"
	[ "$(at 5)" = X ]
	kill -9 $holder
	rm -r run held
	unset XDG_RUNTIME_DIR
}
@test "who is stopped while it opens a file holds up nobody else's opening" { each_tracker lock_held; }

# Nor who waits for one that is stopped.
asked_in_vain() {
	local waiting eight=(bash -c 'for i in {1..8}; do "$BIGFILE" run -p "$PWD/other.bin" -- "$PROGS/play" open:other.bin map:0:20000 exit:0; done')
	letters other.bin 20000
	takes "${eight[@]}"
	begin map:0:20000 set:0:5:X post:first await:end exit:0
	first=$pid
	posted first
	kill -STOP $first
	until_true 60 grep -q '^State:.*T' /proc/$first/status
	BIGFILE_WAIT=60 "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:20000 post:joined exit:0 2>err.waiting &
	waiting=$!
	# One of these waits for two seconds at most.
	in_time 9000 "${eight[@]}"
	kill -CONT $first
	posted joined
	touch end
	wait $first
	wait $waiting
	[ "$(at 5)" = X ]
}
@test "who waits for one that is stopped holds up nobody else's opening" { each_tracker asked_in_vain; }
