# Several processes, or several addresses, and one transaction.
load helpers

unchanged() { [ "$(sum data.bin)" = "$before" ]; }
said() { [ "$(cat out)" = "$1" ] || { cat out err; return 1; }; }

# Over fork.

both_ways() {
	run play map:0:20000 set:0:5:X fork get:0:5 set:0:6:C post:child await:parent get:0:7 endchild \
		await:child get:0:6 set:0:7:P post:parent wait exit:0
	echo "$output"
	[ "$output" = $'X\nC\nP\nchild 0' ]
	[ "$(at 5 6 7)" = XCP ]
	no_journal
}
@test "parent and child see each other's stores at once" { each_tracker both_ways; }

# A parent and a child that have stored X and C, uncommitted, and wait for `go`.  Then the child stores L and is killed.
both() {
	begin map:0:20000 set:0:5:X fork set:0:6:C post:child await:go get:0:5 get:0:6 set:0:7:L raise:9 endchild \
		await:child post:parent await:go wait get:0:5 get:0:6 get:0:7 "$1"
	posted parent
}
both_end() {
	touch go
	wait $pid || true
}

not_committed() {
	both _exit:1
	[ "$(at 5 6)" = aa ]
	both_end
	said $'X\nC\nchild -9\nX\nC\nL'
	[ "$(at 5 6 7)" = aaa ]
}
@test "what they store stays out of the file" { each_tracker not_committed; }

committed_by() {
	both _exit:1
	bigfile commit "$(cat "$1")"
	[ "$(at 5 6)" = XC ]
	both_end
	said $'X\nC\nchild -9\nX\nC\nL'
	[ "$(at 5 6 7)" = XCa ]
	bigfile recover data.bin
	[ "$(at 5 6 7)" = XCa ]
}
@test "bigfile commit of the parent commits both" { each_tracker committed_by parent; }
@test "bigfile commit of the child commits both" { each_tracker committed_by child; }

committed_by_file() {
	both _exit:1
	bigfile commit data.bin
	[ "$(at 5 6)" = XC ]
	both_end
	[ "$(at 5 6 7)" = XCa ]
}
@test "bigfile commit of the file commits both" { each_tracker committed_by_file; }

signalled() {
	both _exit:1
	kill -USR1 "$(cat "$1")"
	until_true 60 eval '[ "$(at 5 6)" = XC ]'
	both_end
	[ "$(at 5 6 7)" = XCa ]
}
@test "SIGUSR1 to the parent commits both" { each_tracker signalled parent; }
@test "SIGUSR1 to the child commits both" { each_tracker signalled child; }

child_syncs() {
	run play map:0:20000 set:0:5:X child set:0:6:C "$1" set:0:7:L endchild raise:9
	[ "$(at 5 6 7)" = XCa ]
	bigfile recover data.bin
	[ "$(at 5 6 7)" = XCa ]
}
@test "msync in the child commits both" { each_tracker child_syncs msync:0; }
@test "fsync in the child commits both" { each_tracker child_syncs fsync; }

parent_syncs() {
	run play map:0:20000 set:0:5:X fork set:0:6:C post:child await:synced raise:9 endchild \
		await:child msync:0 set:0:7:L post:synced wait raise:9
	[ "$(at 5 6 7)" = XCa ]
	bigfile recover data.bin
	[ "$(at 5 6 7)" = XCa ]
}
@test "msync in the parent commits both" { each_tracker parent_syncs; }

commits_in_turn() {
	run play map:0:20000 set:0:5:1 msync:0 child set:0:5:2 msync:0 set:0:6:2 endchild set:0:5:3 msync:0 \
		child set:0:5:4 get:0:6 msync:0 set:0:5:5 endchild get:0:5 _exit:1
	[ "$output" = $'child 0\n2\nchild 0\n5' ]
	[ "$(at 5 6)" = 42 ]
}
@test "a page that parent and children commit in turn" { each_tracker commits_in_turn; }

# The delay makes the moment long in which an engine thread that still takes the lock would be killed with it.
leaves_quietly() {
	run -0 strace -f -qq -o trace -e inject=rt_sigprocmask:delay_exit=2000 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:5:X child set:0:6:C endchild \
		child set:0:7:D endchild get:0:6 exit:0
	[[ "$output" != *"a process died"* ]]
	[ "$(at 5 6 7)" = XCD ]
}
@test "who leaves a transaction leaves its lock alone" { each_tracker leaves_quietly; }

# Held when it has left, and can still be found, until it was looked for.  To look takes the lock, and who looks does not know how long the process has.
tells_nothing() {
	local child tracer
	unseen
	begin map:0:20000 set:0:5:X fork post:child await:held set:0:6:C endchild wait exit:0
	child=$(posted child)
	strace -f -qq -o trace -e inject=unlinkat:delay_enter=60000000:when=1 -p "$child" &
	tracer=$!
	until_true 60 traced "$child"
	touch held
	until_true 60 is_silent "$child" 2>>err
	kill -9 $tracer
	wait $pid
	[ "$(at 5 6)" = XC ]
}
# It is there, and not shown.
is_silent() {
	local status=0
	bigfile status "$1" || status=$?
	[ $status = 3 ] && [ -e ".run/bigfile/$1" ]
}
@test "nor does it take that for who looks at it" { each_tracker tells_nothing; }

rolled_back_by() {
	both exit:0
	bigfile abort "$(cat "$1")"
	unchanged
	both_end
	said $'a\na\nchild -9\na\na\nL'
	[ "$(at 5 6 7)" = aaL ]
	no_journal
}
rolled_back() {
	before=$(sum data.bin)
	rolled_back_by "$1"
}
@test "bigfile abort of the parent rolls back both; both go on" { each_tracker rolled_back parent; }
@test "bigfile abort of the child rolls back both; both go on" { each_tracker rolled_back child; }

signalled_back() {
	both exit:0
	kill -USR2 "$(cat "$1")"
	until_true 60 eval 'bigfile status --json "$(cat '"$1"')" | jq -e ".processes[0].aborts == 1"'
	both_end
	said $'a\na\nchild -9\na\na\nL'
	[ "$(at 5 6 7)" = aaL ]
}
@test "SIGUSR2 to the parent rolls back both" { each_tracker signalled_back parent; }
@test "SIGUSR2 to the child rolls back both" { each_tracker signalled_back child; }

back_to_the_commit() {
	begin map:0:20000 set:0:5:X fork set:0:6:C msync:0 set:0:5:Y set:0:6:D post:child await:go get:0:5 get:0:6 endchild \
		await:child set:0:7:P post:parent await:go wait get:0:5 get:0:6 get:0:7 exit:0
	posted parent
	bigfile abort $pid
	both_end
	said $'X\nC\nchild 0\nX\nC\na'
	[ "$(at 5 6 7)" = XCa ]
}
@test "an abort goes back to the child's commit" { each_tracker back_to_the_commit; }

# left END: a child ends so; its stores are still there, not yet in the file, and the parent's end decides.
left() {
	local parent
	for parent in exit:0 exit:1; do
		rm -f data.bin then
		letters data.bin 20000
		run play map:0:20000 set:0:5:X child set:0:6:C "$1" endchild get:0:6 system:'LD_PRELOAD= cp data.bin then' "$parent"
		echo "$parent: $output"
		[ "$(grep -v '^child' <<<"$output")" = C ]
		[ "$(byte then 5)$(byte then 6)" = aa ]
		[ "$parent" = exit:0 ] && [ "$(at 5 6)" = XC ] || [ "$(at 5 6)" = aa ]
		no_journal
	done
}
@test "a child that exits leaves its stores in the transaction" { each_tracker left exit:0; }
@test "a child that exits with another status too" { each_tracker left exit:3; }
@test "a child that ends by _exit(0) too" { each_tracker left _exit:0; }
@test "a child that ends by _exit(3) too" { each_tracker left _exit:3; }
@test "a child that ends by quick_exit too" { each_tracker left quick:0; }
@test "a child that execs too" { each_tracker left exec:true; }
@test "a child that is killed by SIGTERM too" { each_tracker left raise:15; }
@test "a child that is killed by SIGKILL too" { each_tracker left raise:9; }
@test "a child that unmaps, and closes, and ends too" {
	unmaps() {
		run play map:0:20000 set:0:5:X child set:0:6:C unmap:0 close exit:0 endchild get:0:5 get:0:6 exit:0
		[ "$output" = $'child 0\nX\nC' ]
		[ "$(at 5 6)" = XC ]
	}
	each_tracker unmaps
}

# last_out PARENT CHILD BYTES: the parent ends first, the child then.
last_out() {
	begin map:0:20000 set:0:5:X fork set:0:6:C post:child await:parent.gone "$2" endchild await:child "$1"
	wait $pid || true
	[ "$(at 5 6)" = aa ]
	touch parent.gone
	until_true 60 gone "$(cat child)"
	bigfile recover data.bin
	[ "$(at 5 6)" = "$3" ]
	no_journal
}
@test "the last one out decides: status 0 after 0" { each_tracker last_out exit:0 exit:0 XC; }
@test "the last one out decides: status 0 after 1" { each_tracker last_out exit:1 exit:0 XC; }
@test "the last one out decides: status 0 after kill -9" { each_tracker last_out raise:9 exit:0 XC; }
@test "the last one out decides: _exit(0) after exec" { each_tracker last_out exec:true _exit:0 XC; }
@test "the last one out decides: status 1 after 0" { each_tracker last_out exit:0 exit:1 aa; }
@test "the last one out decides: SIGTERM after 0" { each_tracker last_out exit:0 raise:15 aa; }
@test "the last one out decides: kill -9 after 0" { each_tracker last_out exit:0 raise:9 aa; }
@test "the last one out decides: kill -9 after kill -9" { each_tracker last_out raise:9 raise:9 aa; }

policy() {
	BIGFILE_EXIT=commit last_out exit:0 exit:1 XC
	rm -f ./*
	letters data.bin 20000
	BIGFILE_EXIT=abort last_out exit:0 exit:0 aa
}
@test "by its exit policy" { each_tracker policy; }

all_killed() {
	begin map:0:20000 set:0:5:X fork set:0:6:C msync:0 set:0:6:D set:0:9000:D post:child await:never endchild \
		await:child set:0:7:P post:parent await:never
	posted parent
	kill -9 $pid "$(cat child)"
	wait $pid || true
	until_true 60 gone "$(cat child)"
	[ "$(at 5 6 7 9000)" = XCaa ]
	run play map:0:20000 get:0:5 get:0:6 get:0:7 get:0:9000 exit:0
	[ "$output" = $'X\nC\na\na' ]
	[ "$(at 5 6 7 9000)" = XCaa ]
	no_journal
}
@test "when all are killed the file is as at the last commit, and so the next one finds it" { each_tracker all_killed; }

grandchildren() {
	run play map:0:20000 set:0:5:X child set:0:6:C fork get:0:5 get:0:6 set:0:7:G post:grandchild await:seen set:0:8:H msync:0 \
		set:0:9:L post:done raise:9 endchild exit:3 endchild await:grandchild get:0:7 post:seen await:done get:0:8 get:0:9 raise:9
	echo "$output"
	[ "$(grep -v '^child' <<<"$output")" = $'X\nC\nG\nH\nL' ]
	[ "$(at 5 6 7 8 9)" = XCGHa ]
}
@test "a grandchild whose parent has left" { each_tracker grandchildren; }

twenty() {
	local words=() i
	for i in {10..29}; do words+=(fork fill:0:$((i * 500)):500:${i:1} endchild); done
	for i in {10..29}; do words+=(wait); done
	play map:0:20000 "${words[@]}" exit:0
	for i in {10..29}; do
		[ "$(dd if=data.bin bs=500 skip=$i count=1 status=none | tr -d "${i:1}" | wc -c)" = 0 ]
	done
	[ "$(at 4999 15000)" = aa ]
}
@test "twenty children fill neighbouring parts of the same pages" { each_tracker twenty; }

child_maps() {
	run play map:0:20000 set:0:5:X child open:data.bin map:0:8192 get:1:5 readinto:1:100:10 set:1:6:C endchild get:0:100 get:0:6 exit:0
	[ "$output" = $'X\n10\nchild 0\nK\nC' ]
	[ "$(at 5 6 100)" = XCK ]
}
@test "a child maps again, and read(2) stores there" { each_tracker child_maps; }

child_first() {
	run play child map:0:20000 set:0:5:C endchild map:0:20000 get:0:5 set:0:6:P exit:0
	[ "$output" = $'child 0\nC' ]
	[ "$(at 5 6)" = CP ]
}
@test "a child that maps first and ends has a transaction of its own" { each_tracker child_first; }

child_first_stays() {
	run play fork map:0:20000 set:0:5:C post:child await:parent get:0:6 _exit:1 endchild \
		await:child map:0:20000 get:0:5 set:0:6:P post:parent wait exit:0
	[ "$output" = $'C\nP\nchild 1' ]
	[ "$(at 5 6)" = CP ]
}
@test "a child that maps first is joined by its parent" { each_tracker child_first_stays; }

execs_itself() {
	printf '#!/bin/sh\nexec "$PROGS/play" open:data.bin map:0:20000 get:0:5 get:0:6 set:0:7:E exit:3\n' >again
	chmod +x again
	run play map:0:20000 set:0:5:X child set:0:6:C exec:./again endchild get:0:7 exit:0
	[ "$output" = $'X\nC\nchild 3\nE' ]
	[ "$(at 5 6 7)" = XCE ]
}
@test "what a child execs joins anew" { each_tracker execs_itself; }

quiet_child() {
	run play map:0:20000 set:0:5:X child exec:true endchild set:0:6:Y exit:0
	[ "$output" = "child 0" ]
	[ "$(at 5 6)" = XY ]
}
@test "a child that only execs says nothing" { each_tracker quiet_child; }

# Its journal is the same process's, and by another lock.
children_beside_exec() {
	printf '#!/nowhere/at/all\n' >bad
	chmod +x bad
	run play map:0:20000 child set:0:5:X endchild exec:./bad child set:0:6:Y endchild set:0:7:Z exit:0
	[ "$output" = $'child 0\nexec: ENOENT\nchild 0' ]
	[ "$(at 5 6 7)" = XYZ ]
	no_journal
}
@test "children before and after an exec that fails" { each_tracker children_beside_exec; }

# slow_exec WORD...: a play in the background whose execs take their time.
slow_exec() {
	printf '#!/nowhere/at/all\n' >bad
	chmod +x bad
	strace -f -qq -o trace -e trace=execve,unlinkat -e inject=execve:delay_enter=2500000 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin "$@" >out 2>err &
	pid=$!
}
# Whether it is in time or not: what anybody was told is committed is there.
nobody_is_fooled() {
	local rc=0
	wait $pid || rc=$?
	cat out err
	[ "$(byte data.bin 6)" = Q ]
	if [ $rc = 0 ]; then
		[ "$(byte data.bin 7)" = Z ]
		! grep msync: out
	else
		[ $rc = 74 ]
		[ "$(byte data.bin 7)" = a ]
		grep msync: out
	fi
	rm -f up go
}
changed_meanwhile() {
	slow_exec map:0:20000 set:0:5:Y exec:./bad set:0:7:Z msync:0 exit:0
	until_true 60 eval '[ "$(byte data.bin 5)" = Y ]'
	"$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:20000 set:0:6:Q exit:0
	nobody_is_fooled
}
ended_meanwhile() {
	slow_exec map:0:20000 fork set:0:5:Y post:up await:go set:0:6:Q _exit:0 endchild await:up exec:./bad set:0:7:Z msync:0 wait exit:0
	until_true 60 test -e up
	# Its control page is gone: it has left.
	until_true 60 grep -qE '^([0-9]+) .*unlinkat\(AT_FDCWD, "[^"]*/\1".* = 0' trace
	touch go
	nobody_is_fooled
}
@test "others commit while an exec fails: theirs stays" { each_tracker changed_meanwhile; }
@test "the others end while an exec fails: nothing is committed any more, and that is said" { each_tracker ended_meanwhile; }

unharmed() {
	run play map:0:20000 set:0:5:X system:'echo system' popen:'echo popen' spawn:'echo spawn' vfork:'echo vfork' \
		spawn:'kill -9 $$' vfork:'exit 7' system:'LD_PRELOAD= cp data.bin then' get:0:5 set:0:6:Y "$1"
	[ "$output" = $'system\npopen\nspawn\nchild 0\nvfork\nchild 0\nchild -9\nchild 7\nX' ]
	[ "$(byte then 5)" = a ]
	[ "$(at 5 6)" = "$2" ]
	no_journal
}
@test "system, popen, posix_spawn and vfork commit nothing" { each_tracker unharmed exit:1 aa; }
@test "system, popen, posix_spawn and vfork lose nothing" { each_tracker unharmed exit:0 XY; }

unharmed_child() {
	run play map:0:20000 child set:0:5:X system:'echo system' vfork:'exit 7' set:0:6:Y endchild get:0:5 exit:0
	[ "$output" = $'system\nchild 7\nchild 0\nX' ]
	[ "$(at 5 6)" = XY ]
}
@test "in a child too" { each_tracker unharmed_child; }

threads_store() {
	local i
	for i in {0..19}; do truncate -s $((65 * 4096)) data.bin.$i; done
	run bigfile run -p "$PWD/data.bin.*" -- "$PROGS/forks" run data.bin 20
	echo "$output"
	[ "$status" = 0 ]
	"$PROGS/forks" check data.bin 20
	no_journal
}
@test "threads store while their process forks, and no store is lost" { each_tracker threads_store; }

opened_before() {
	begin post:first await:second size read:0:5 append:END size post:done await:end exit:0
	first=$!
	posted first >/dev/null
	begin await:first write:0:hello append:more post:second await:done size exit:0
	wait $pid
	touch end
	wait $first
	said $'20004\nhello\n20007\n20007'
	[ "$(tail -c 7 data.bin)$(head -c 5 data.bin)" = moreENDhello ]
}
@test "who has opened the file before another writes it reads that, and appends to it" { each_tracker opened_before; }

many_in_use() {
	local words=() i
	for i in {1..80}; do words+=(open:"$i.dat" write:0:x); done
	touch {1..80}.dat
	bigfile run -p "$PWD/*.dat" -- "$PROGS/play" "${words[@]}" post:first await:end open:1.dat:ro read:0:5 open:80.dat:ro read:0:5 exit:0 >out &
	pid=$!
	posted first >/dev/null
	run -0 bigfile run -p "$PWD/*.dat" -- "$PROGS/play" open:1.dat read:0:1 write:0:hello open:80.dat write:0:there exit:0
	[ "$output" = x ]
	touch end
	wait $pid
	said $'hello\nthere'
	[ "$(cat 1.dat)$(cat 2.dat)$(cat 80.dat)" = helloxthere ]
}
@test "any of many files that a process has in use is shared with who comes" { each_tracker many_in_use; }

# Sizes, and calls.

child_grows() {
	begin map:0:100000 set:0:5:X fork trunc:50000 set:0:49999:C post:child await:go size endchild \
		await:child size get:0:49999 set:0:49998:P post:parent await:go wait size "$1"
	posted parent
	[ "$(stat -c %s data.bin)" = 20000 ]
	touch go
	wait $pid || true
	said $'50000\nC\n50000\nchild 0\n50000'
	[ "$(stat -c %s data.bin)" = "$2" ]
	[ "$2" = 20000 ] || [ "$(at 5 49998 49999)" = XPC ]
}
@test "a child grows the file for its parent, committed" { each_tracker child_grows exit:0 50000; }
@test "a child grows the file for its parent, rolled back" { each_tracker child_grows exit:1 20000; }

growth_rolled_back() {
	before=$(sum data.bin)
	begin map:0:100000 fork trunc:50000 set:0:49999:C post:child await:go size get:0:49999 endchild \
		await:child post:parent await:go wait size get:0:49999 exit:0
	posted parent
	bigfile abort $pid
	touch go
	wait $pid
	said $'20000\n0\nchild 0\n20000\n0'
	unchanged
}
@test "an abort takes a child's growth back for both" { each_tracker growth_rolled_back; }

grows_far() {
	run play map:0:20000 child trunc:9000000 map:0:9000000 set:1:8999999:C endchild map:0:9000000 get:1:8999999 set:1:5000000:P \
		child get:1:5000000 set:1:5000001:D endchild get:1:5000001 exit:0
	[ "$output" = $'child 0\nC\nP\nchild 0\nD' ]
	[ "$(stat -c %s data.bin)$(at 5000000 5000001 8999999)" = 9000000PDC ]
}
@test "growth beyond what was mapped at the fork" { each_tracker grows_far; }

child_cuts() {
	run play map:0:20000 set:0:100:X child trunc:6000 trunc:10000 endchild size get:0:7000 get:0:100 exit:0
	[ "$output" = $'child 0\n10000\n0\nX' ]
	[ "$(stat -c %s data.bin)" = 10000 ]
	cmp <(head -c 4000 /dev/zero) <(tail -c 4000 data.bin)
}
@test "a child truncates the file for its parent" { each_tracker child_cuts; }

child_cuts_for_nothing() {
	before=$(sum data.bin)
	run play map:0:20000 child trunc:6000 msync:0 trunc:0 endchild size exit:1
	[ "$output" = $'child 0\n0' ]
	[ "$(stat -c %s data.bin)" = 6000 ]
	letters data.bin 20000
	run play map:0:20000 child trunc:6000 exit:0 endchild size exit:1
	[ "$output" = $'child 0\n6000' ]
	unchanged
}
@test "a child's truncation is rolled back" { each_tracker child_cuts_for_nothing; }

calls() {
	run play map:0:20000 set:0:5:X child read:5:1 write:6:WWW append:END size endchild get:0:7 size read:19998:5 \
		child set:0:8:S trunc:20004 endchild read:6:3 end exit:0
	[ "$output" = $'X\n20003\nchild 0\nW\n20003\naaEND\nchild 0\nWWS\n20004' ]
	[ "$(at 5 6 7 8)" = XWWS ]
	[ "$(stat -c %s data.bin)" = 20004 ]
	[ "$(tail -c 4 data.bin | head -c 3)" = END ]
}
@test "read and write in one process, stores in the other" { each_tracker calls; }

calls_alone() {
	run play child write:6:VVV endchild exit:1
	[ "$(at 6 7 8)" = aaa ]
	run play child write:6:VVV endchild exit:0
	[ "$(at 6 7 8)" = VVV ]
	run play write:5:X map:0:20000 child write:6:WWW endchild unmap:0 read:5:4 map:0:20000 get:1:8 exit:0
	[ "$output" = $'child 0\nXWWW\nW' ]
	[ "$(at 5 6 7 8)" = XWWW ]
}
@test "write in a child, and a mapping made after it" { each_tracker calls_alone; }

# Processes that have nothing in common but the file.

joined() {
	begin map:0:20000 set:0:5:X post:first await:second get:0:6 set:0:7:A post:seen await:end exit:0
	first=$pid
	begin await:first map:0:20000 get:0:5 set:0:6:B post:second await:seen get:0:7 exit:1
	wait $pid || true
	[ "$(at 5 6 7)" = aaa ]
	touch end
	wait $first
	said $'X\nB\nA'
	[ "$(at 5 6 7)" = XBA ]
	no_journal
}
@test "a second process joins and sees what is not committed" { each_tracker joined; }

# Two that have stored X and Y, and wait for `go`; then each says what it sees.
two() {
	begin map:0:20000 set:0:5:X post:first await:go get:0:5 get:0:6 post:first.seen await:end "$1"
	first=$pid
	posted first
	begin map:0:20000 set:0:6:Y post:second await:first.seen get:0:5 get:0:6 post:second.seen await:end "$2"
	second=$pid
	posted second
}
two_look() {
	touch go
	posted second.seen
}
two_end() {
	touch end
	wait $first || true
	wait $second || true
	bigfile recover data.bin
	no_journal
}

one_commits() {
	two raise:9 raise:9
	bigfile commit "${!1}"
	[ "$(at 5 6)" = XY ]
	two_look
	two_end
	said $'X\nY\nX\nY'
	[ "$(at 5 6)" = XY ]
}
@test "a commit of the first commits the second's stores" { each_tracker one_commits first; }
@test "a commit of the second commits the first's stores" { each_tracker one_commits second; }

one_aborts() {
	before=$(sum data.bin)
	two exit:0 exit:0
	bigfile abort "${!1}"
	unchanged
	two_look
	two_end
	said $'a\na\na\na'
	unchanged
}
@test "an abort of the first rolls back the second's stores" { each_tracker one_aborts first; }
@test "an abort of the second rolls back the first's stores" { each_tracker one_aborts second; }

one_killed() {
	two raise:9 exit:0
	kill -9 "${!1}"
	wait "${!1}" || true
	[ "$(at 5 6)" = aa ]
	run play map:0:20000 get:0:5 get:0:6 set:0:7:Z exit:0
	[ "$output" = $'X\nY' ]
	[ "$(at 5 6 7)" = aaa ]
	bigfile commit "${!2}"
	[ "$(at 5 6 7)" = XYZ ]
	kill -9 "${!2}"
	two_end
	[ "$(at 5 6 7)" = XYZ ]
}
@test "the first is killed, a third joins, the second commits all three" { each_tracker one_killed first second; }
@test "the second is killed, a third joins, the first commits all three" { each_tracker one_killed second first; }

two_killed() {
	before=$(sum data.bin)
	two exit:0 exit:0
	kill -9 $first $second
	two_end
	unchanged
	run play map:0:20000 get:0:5 get:0:6 exit:0
	[ "$output" = $'a\na' ]
}
@test "when both are killed nothing is left of their transaction" { each_tracker two_killed; }

# The child's engine thread is long in coming, and its parent is at its end.
late_child() {
	strace -f -qq -o trace -e trace=close_range -e inject=close_range:delay_enter=$1:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:1:P fork set:0:2:C exit:0 endchild set:0:3:Q exit:0
	until_true 60 no_journal
	[ "$(at 1 2 3)" = PCQ ]
}
@test "a parent that ends at once waits for its child to take part" { each_tracker late_child 1200000; }
@test "however long that takes, as long as the child lives" { TRACKERS=uffd each_tracker late_child 11500000; }

eight() {
	local i round pids
	for round in {1..5}; do
		pids=()
		for i in {1..8}; do
			begin map:0:20000 fill:0:$((i * 2000)):2000:$i get:0:$((i * 2000)) exit:0
			pids+=($pid)
		done
		wait "${pids[@]}"
		for i in {1..8}; do
			[ "$(dd if=data.bin bs=2000 skip=$i count=1 status=none | tr -d $i | wc -c)" = 0 ]
		done
		[ "$(at 1999 18000)" = aa ]
		no_journal
		rm data.bin
		letters data.bin 20000
	done
	[ "$(sort out | uniq -c | tr -s ' \n' ' ')" = " 5 1 5 2 5 3 5 4 5 5 5 6 5 7 5 8 " ]
}
@test "eight come and go at once" { each_tracker eight; }

joiner_grows() {
	begin map:0:100000 set:0:5:X post:first await:second size get:0:49999 trunc:40000 post:cut await:end exit:0
	first=$pid
	begin await:first map:0:20000 trunc:50000 map:0:50000 set:1:49999:Y post:second await:cut size get:1:39999 exit:0
	wait $pid
	touch end
	wait $first
	said $'50000\nY\n40000\n0'
	[ "$(stat -c %s data.bin)$(at 5)" = 40000X ]
}
@test "sizes among processes that joined" { each_tracker joiner_grows; }

# The one that has it takes longer to share it than anybody waits for an answer.
takes_long() {
	begin map:0:20000 set:0:5:X post:first await:end exit:0
	first=$(posted first)
	strace -f -qq -o trace -e inject=memfd_create:delay_enter=4500000:when=1 -p $first &
	until_true 60 traced $first
	BIGFILE_WAIT=0 begin map:0:20000 get:0:5 set:0:6:Y exit:0
	wait $pid
	[ "$(cat out)" = X ]
	grep -q 'memfd_create.*DELAYED' trace
	touch end
	wait $first
	[ "$(at 5 6)" = XY ]
}
@test "one that takes long to share its transaction is waited for" { TRACKERS=uffd each_tracker takes_long; }

two_files() {
	letters data.bin.2 20000
	bigfile run -p "$PWD/data.*" -- "$PROGS/play" open:data.bin map:0:20000 set:0:5:X open:data.bin.2 map:0:20000 set:1:5:X \
		post:first await:end raise:9 &
	first=$!
	posted first
	bigfile run -p "$PWD/data.*" -- "$PROGS/play" open:data.bin.2 map:0:20000 get:0:5 set:0:6:Y msync:0 set:0:7:L exit:0 >out
	said X
	[ "$(at 5)$(byte data.bin.2 5)$(byte data.bin.2 6)$(byte data.bin.2 7)" = XXYa ]
	touch end
	wait $first || true
}
@test "a commit spans the files that only others have mapped" { each_tracker two_files; }

# Two processes that each share a transaction already, A of data.bin and B of data.bin.2, and meet when A opens B's file.

# pair A-WORD B-WORD: what each does after it has stored X or Y, before it waits: `alone` has had a child, `both` has one still.
alone="child endchild" both="fork await:end endchild"
pair() {
	letters data.bin.2 20000
	"$BIGFILE" run -p "$PWD/data.*" -- ${trace-} "$PROGS/play" open:data.bin map:0:20000 set:0:5:X ${!1} post:first await:go open:data.bin.2 \
		${visit-map:0:20000 get:1:6 set:1:7:Z} set:0:8:W post:met await:end raise:9 >out.first 2>err.first &
	first=$!
	posted first
	"$BIGFILE" run -p "$PWD/data.*" -- "$PROGS/play" open:data.bin.2 map:0:20000 set:0:6:Y ${!2} post:second await:met get:0:7 set:0:9:V \
		post:seen await:end raise:9 >out.second 2>err.second &
	second=$!
	posted second
	touch go
}
pair_end() {
	touch end
	wait $first || true
	wait $second || true
	# Their children too.
	until_true 60 bigfile recover data.bin data.bin.2
	no_journal
}

# met A B COMMITTER: they meet; a commit of one commits the stores of both, before and after.
met() {
	pair $1 $2
	posted seen
	[ "$(grep -v child out.first)$(grep -v child out.second)" = YZ ]
	bigfile commit "$(cat $3)"
	pair_end
	[ "$(at 5 6 8)$(byte data.bin.2 6)$(byte data.bin.2 7)$(byte data.bin.2 9)" = XaWYZV ]
}
@test "two that shared before meet, both alone by now; the first commits" { each_tracker met alone alone first; }
@test "two that shared before meet, both alone by now; the second commits" { each_tracker met alone alone second; }
@test "one that shared before meets two" { each_tracker met alone both first; }
@test "two meet one that shared before" { each_tracker met both alone second; }

# The same with files that are loaded when they are touched.
large_met() { BIGFILE_MEMORY=64K met "$@"; }
@test "two that shared large files before meet; the first commits" { each_tracker large_met alone alone first; }
@test "two meet one that shared a large file before" { each_tracker large_met both alone second; }

met_and_aborted() {
	pair alone alone
	posted seen
	bigfile abort "$(cat first)"
	pair_end
	[ "$(at 5 6 8)$(byte data.bin.2 6)$(byte data.bin.2 7)$(byte data.bin.2 9)" = aaaaaa ]
}
@test "two that shared before meet and roll back" { each_tracker met_and_aborted; }

apart() {
	export BIGFILE_WAIT=0
	local visit=write:7:Z
	pair both both
	posted met || { cat out.first err.first out.second err.second; return 1; }
	grep 'two cannot become one' err.first
	bigfile commit $(cat first)
	bigfile commit $(cat second)
	pair_end
	unset BIGFILE_WAIT
	grep -q 'write: EBUSY' out.first
	[ "$(at 5 6 8)$(byte data.bin.2 6)$(byte data.bin.2 7)" = XaWYa ]
}
@test "two times two stay apart" { each_tracker apart; }

# killed_moving CALL: A is killed at such a call, in the middle of its move; B goes on as if A had never come.
killed_moving() {
	trace="strace -f -qq -o trace -e inject=$1:signal=SIGKILL${2:+:when=$2}" pair alone alone
	wait $first || true
	bigfile commit $(cat second)
	touch met
	posted seen
	bigfile commit $(cat second)
	pair_end
	[ "$(grep -v child out.second)" = a ]
	[ "$(at 5 6 8)$(byte data.bin.2 6)$(byte data.bin.2 7)$(byte data.bin.2 9)" = aaaYaV ]
}
@test "one is killed at the end of its move" { each_tracker killed_moving fallocate 3; }

# What the parent has for reading only is no part of the transaction, and the child has it without a descriptor.
read_before() {
	run play close open:data.bin:ro read:0:2 child close open:data.bin:ro romap:0:20000 get:0:5 open:data.bin map:0:20000 set:1:5:C get:0:5 endchild exit:0
	[ "$output" = $'aa\na\nC\nchild 0' ]
	run play romap:0:20000 get:0:5 child prot:0:rw set:0:6:D get:0:6 endchild get:0:6 exit:0
	[ "$output" = $'C\nD\nchild 0\nD' ]
	[ "$(at 5 6)" = CD ]
	no_journal
}
@test "a child maps, and stores to, what its parent had for reading" { each_tracker read_before; }

# Second addresses in one process.

here=0x3fdc40000000 there=0x3fdc50000000

two_addresses() {
	run play map:0:20000:$here:fixed set:0:5:X map:0:20000:$there:fixed get:1:5 same:0:1 set:1:6:Y get:0:6 set:0:7:Z get:1:7 "$1"
	[ "$output" = $'X\nno\nY\nZ' ]
	[ "$(at 5 6 7)" = "$2" ]
	no_journal
}
@test "one file at two addresses, committed" { each_tracker two_addresses exit:0 XYZ; }
@test "one file at two addresses, rolled back" { each_tracker two_addresses exit:1 aaa; }

second_after_a_commit() {
	run play map:0:20000 set:0:5:X msync:0 set:0:6:Y map:0:20000:$there:fixed get:1:5 get:1:6 set:1:7:Z get:0:7 msync:1 set:0:8:L _exit:1
	[ "$output" = $'X\nY\nZ' ]
	[ "$(at 5 6 7 8)" = XYZa ]
}
@test "a second address keeps what was stored before it" { each_tracker second_after_a_commit; }

abort_at_both() {
	start_play map:0:20000:$here:fixed map:0:20000:$there:fixed set:0:5:X set:1:9000:Y ready get:0:5 get:1:5 get:0:9000 get:1:9000 \
		set:1:6:Z exit:0
	bigfile abort $pid
	go
	wait $pid
	[ "$(grep -v ready out | tr -d '\n')" = aaaa ]
	[ "$(at 5 6 9000)" = aZa ]
}
@test "an abort is seen at both addresses" { each_tracker abort_at_both; }

parts() {
	run play map:0:20000:$here:fixed map:8192:8192:$there:fixed set:0:8197:X get:1:5 set:1:4096:Y get:0:12288 \
		map:16384:3616:$((there + 65536)):fixed set:2:1:Z get:0:16385 unmap:1 get:0:8197 exit:0
	[ "$output" = $'X\nY\nZ\nX' ]
	[ "$(at 8197 12288 16385 4097)" = XYZa ]
}
@test "parts of a file at other addresses" { each_tracker parts; }

grown_at_both() {
	run play map:0:100000:$here:fixed map:0:100000:$there:fixed trunc:50000 set:0:49999:X get:1:49999 trunc:30000 trunc:50000 \
		get:0:49999 get:1:49999 write:40000:W get:1:40000 exit:0
	[ "$output" = $'X\n0\n0\nW' ]
	[ "$(stat -c %s data.bin)$(at 40000)" = 50000W ]
}
@test "sizes at two addresses" { each_tracker grown_at_both; }

protected() {
	run play map:0:20000:$here:fixed map:0:20000:$there:fixed prot:1:r set:0:5:X get:1:5 child set:1:6:Y endchild prot:1:rw set:1:7:Z exit:0
	[ "$(grep -v 'dies of signal 11' <<<"$output")" = $'X\nchild -11' ]
	[ "$(at 5 6 7)" = XaZ ]
}
@test "mprotect at one of two addresses" { each_tracker protected; }

forked_at_both() {
	run play map:0:20000:$here:fixed map:0:20000:$there:fixed set:0:5:X child get:1:5 set:1:6:C endchild get:0:6 get:1:6 exit:0
	[ "$output" = $'X\nchild 0\nC\nC' ]
	[ "$(at 5 6)" = XC ]
}
@test "two addresses over fork" { each_tracker forked_at_both; }

leaderless() {
	begin map:0:20000 set:0:5:X post:first thread await:second set:0:6:A post:stored await:committed set:0:7:B set:0:9000:B \
		post:again await:end "$2"
	first=$pid
	posted first
	begin map:0:20000 get:0:5 post:second await:end "$1"
	second=$pid
	posted stored
	until_true 60 grep -q '^State:.*Z' /proc/$first/status
	bigfile commit $second
	[ "$(at 5 6)" = XA ]
	touch committed
	posted again
	bigfile commit "${!3}"
	[ "$(at 5 6 7 9000)" = XABB ]
	touch end
	wait $first $second || true
	no_journal
}
@test "one whose first thread has ended goes on sharing" {
	each_tracker leaderless exit:1 exit:1 second
	each_tracker leaderless exit:1 exit:1 first
}

# The third pwrite is the one that copies what was stored into the memory to be shared.
no_memory() {
	run strace -f -qq -o trace -e inject=pwrite64:error=ENOMEM:when=3 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:5:X set:0:9000:X \
		child get:0:5 set:0:6:C endchild get:0:6 set:0:7:P child get:0:7 set:0:8:D endchild get:0:8 exit:0
	echo "$output"
	grep -q 'pwrite64.*aaaX.*INJECTED' trace
	[[ "$output" == *"data.bin: cannot be shared between processes: Cannot allocate memory"* ]]
	[ "$(grep -v bigfile <<<"$output" | tr '\n' ' ')" = "X child 0 a P child 0 D " ]
	[ "$(at 5 6 7 8 9000)" = XaPDX ]
	no_journal
}
@test "without memory for a shared view it stays private, loses nothing, and is shared by the next fork" { each_tracker no_memory; }

cannot_look() {
	begin map:0:20000 set:0:5:X post:first await:end raise:9
	first=$pid
	posted first
	begin map:0:20000 set:0:6:Y post:second await:go set:0:7:Y set:0:9000:Y post:stored await:end raise:9
	second=$pid
	posted second
	prlimit --pid $first --nofile=0:4096
	bigfile commit $first || true
	prlimit --pid $first --nofile=4096:4096
	touch go
	posted stored
	bigfile commit $first
	[ "$(at 5 6 7 9000)" = XYYY ]
	touch end
	wait $first $second || true
}
@test "one that can open no descriptor does not take the others for dead" { each_tracker cannot_look; }

# Number and time of start are the same after an exec, the page tables are not: the others look into those that there are now.
comes_back_by_exec() {
	cat >again <<-END
		exec "$PROGS/play" open:data.bin map:0:20000 set:0:7:Z post:third await:again set:0:9000:W post:fourth await:end raise:9
	END
	begin map:0:20000 set:0:5:X post:first await:end raise:9
	first=$(posted first)
	begin map:0:20000 set:0:6:Y post:second await:go exec:sh:./again
	second=$(posted second)
	bigfile commit $first
	touch go
	[ "$(posted third)" = $second ]
	bigfile commit $first
	[ "$(at 5 6 7)" = XYZ ]
	touch again
	posted fourth
	bigfile commit $first
	[ "$(at 9000)" = W ]
	bigfile commit $second
	run ! grep 'left the transaction' err
	touch end
	wait $first $second || true
}
@test "one that comes back by exec is not taken for dead" { BIGFILE_LOG=info each_tracker comes_back_by_exec; }

# No descriptor for looking at the other: it may have the file, and who took it for nobody would not see what it has stored.
cannot_look_who() {
	local word
	begin map:0:20000 set:0:5:X post:first await:end raise:9
	first=$pid
	posted first
	for word in open:data.bin:ro open:data.bin; do
		strace -f -qq -o trace -P $first -e trace=openat -e inject=openat:error=EMFILE env LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
			BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" $word exit:0 >out.second 2>err.second
		grep -q INJECTED trace
		grep 'open: ENFILE' out.second
	done
	touch end
	wait $first || true
}
@test "one that cannot look whether another has the file does not go alone" { each_tracker cannot_look_who; }

# Nor when it was started can be told, by itself, when it enters.
no_start_time() {
	begin map:0:20000 set:0:5:X post:first await:end raise:9
	first=$pid
	posted first
	strace -f -qq -o trace -P /proc/$first/stat -e trace=openat -e inject=openat:error=EMFILE -p $first &
	until_true 60 traced $first
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:20000 get:0:5 set:0:6:Y msync:0 exit:0
	grep -q INJECTED trace
	[ "$output" = X ]
	[ "$(at 5 6)" = XY ]
	touch end
	wait $first || true
}
@test "one that cannot tell when it was started is not taken for dead" { each_tracker no_start_time; }

# The same, whether Bigfile is there or not.
owner_dies() {
	local way when
	for way in exit _exit return thread kill; do
		for when in alone waited; do
			run bigfile run -p "$PWD/data.bin" -- "$PROGS/robust" data.bin $way $when
			echo "$way $when: $output"
			[ "$output" = "EOWNERDEAD 0" ]
		done
	done
}
@test "a robust mutex whose owner ends, in whatever way, is handed on" { each_tracker owner_dies; }

# A child that could not take part has copies of what it inherited.  That it uses another marked file too makes them no part of a commit.
orphan() {
	letters two.bin 20000
	run bigfile run -p "$PWD/*.bin" -- /usr/bin/python3 -c '
import ctypes, mmap, os, signal
libc = ctypes.CDLL(None, use_errno=True)
data, other = open("data.bin", "r+b"), open("two.bin", "r+b")
m = mmap.mmap(data.fileno(), 0)
m[0:4] = b"mine"
gone, alive = os.pipe()
pid = libc._Fork()
if pid:
    os.kill(os.getpid(), signal.SIGKILL)
os.close(alive)
os.read(gone, 1)
m[4:9] = b"child"
two = mmap.mmap(other.fileno(), 0)
two[0:5] = b"child"
for commit in m.flush, two.flush:
    try:
        commit()
        print("committed")
    except PermissionError:
        print("refused")
print(libc.libbigfile_commit(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
'
	[[ "$output" == *"what this child stores stays its own"* ]]
	[[ "$output" == *refused*refused*-1* ]]
	bigfile recover data.bin two.bin
	[ "$(head -c 9 data.bin)$(head -c 9 two.bin)" = aaaaaaaaaaaaaaaaaa ]
	no_journal
}
@test "a commit in a child that could not take part fails, whatever else it has" { each_tracker orphan; }

# Nor does its parent wait for it to take part.
orphan_keeps_nobody() {
	run -0 bigfile run -p "$PWD/data.bin" -- /usr/bin/python3 -c '
import ctypes, mmap, os, time
libc = ctypes.CDLL(None)
data = open("data.bin", "r+b")
m = mmap.mmap(data.fileno(), 0)
ended, alive = os.pipe()
def forty(fork, status):
    start = time.monotonic()
    for i in range(40):
        if not fork():
            os.close(alive)
            os.read(ended, 1)
            os._exit(status)
    return time.monotonic() - start
# Who takes part needs time for that; who does not less, however busy the machine is.
taking_part = forty(os.fork, 0)
print("long" if forty(libc._Fork, 1) > 1 + 3 * taking_part else "short", flush=True)
m[0:4] = b"mine"
'
	[[ "$output" == *short* ]]
	[ "$(head -c 4 data.bin)" = mine ]
}
@test "who makes a child by _Fork does not wait for it" { each_tracker orphan_keeps_nobody; }

# Nor is it one of its parent's session, with the copies for the session's files.
orphan_stays_out() {
	letters two.bin 20000
	run env BIGFILE_WAIT=0 "$BIGFILE" run -p "$PWD/*.bin" -- /usr/bin/python3 -c '
import ctypes, mmap, os
libc = ctypes.CDLL(None, use_errno=True)
data, other = open("data.bin", "r+b"), open("two.bin", "r+b")
m = mmap.mmap(data.fileno(), 0)
m[0:4] = b"mine"
ready, go = os.pipe()
pid = libc._Fork()
if pid:
    two = mmap.mmap(other.fileno(), 0)
    two[0:4] = b"mine"
    os.write(go, b"x")
    status = os.waitpid(pid, 0)[1]
    print(status, m[0:9], two[0:9], libc.libbigfile_commit())
else:
    os.read(ready, 1)
    m[4:9] = b"child"
    try:
        two = mmap.mmap(other.fileno(), 0)
        two[4:9] = b"child"
        two.flush()
        os._exit(1)
    except OSError as e:
        os._exit(e.errno)
'
	[[ "$output" == *"can share in none"* ]]
	[[ "$output" == *"$((16 << 8)) b'mineaaaaa' b'mineaaaaa' 0"* ]]
	[ "$(head -c 9 data.bin)$(head -c 9 two.bin)" = mineaaaaamineaaaaa ]
	no_journal
}
@test "a child that could not take part does not enter its parent's session by another file" { each_tracker orphan_stays_out; }

# Who goes on has made the journal's folder durable by then, which is not the file's.
died_before_the_name() {
	rm -rf one journals kid dad on over
	mkdir one journals
	BIGFILE_JOURNAL_DIR=$PWD/journals "$BIGFILE" run -p "$PWD/one/" -- "$PROGS/play" cut:one/f.bin truncate:one/f.bin:9000 map:0:9000 set:0:0:A \
		fork post:kid await:on set:0:1:B msync:0 exit:0 endchild post:dad await:over set:0:2:C msync:0 _exit:0 2>err &
	local run=$! kid dad killer
	kid=$(posted kid) dad=$(posted dad)
	strace -f -qq -o killed -e trace=fsync -e inject=fsync:signal=SIGKILL:when=1 -p "$kid" &
	killer=$!
	until_true 60 traced "$kid"
	strace -f -qq -y -o trace -e trace=fsync,pwrite64 -p "$dad" &
	until_true 60 traced "$dad"
	touch on
	wait $killer || true
	touch over
	wait $run
	grep "a process died while it changed the transaction" err
	sed '/pwrite64.*BCRD/,$d' trace | grep "fsync([0-9]*<$PWD/one>)"
}
@test "a participant dies before a new file's name is durable: the next commit sees to it" { each_tracker died_before_the_name; }

told_of_sizes() {
	local i
	for i in {0..39}; do letters "f$i" 9000; done
	(ulimit -n 60; bigfile run -p "$PWD/data.bin" -p "$PWD/f*" -- "$PROGS/sizes" data.bin 30 f* >out)
	head out
	[ "$(cat out)" = "30 rounds" ]
}
@test "who asks for the size of a file while it becomes part of a shared transaction is told the file's" { each_tracker told_of_sizes; }
