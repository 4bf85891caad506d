load helpers
load disks

# all WORD...: every file here is marked.
all() { bigfile run -p "$PWD/" -- "$PROGS/play" "$@"; }
# what FILE: its first three bytes and its size, or that it is gone.
what() { if [ -e "$1" ]; then echo "$(head -c 3 "$1")$(stat -c %s "$1")"; else echo gone; fi; }
# restored FOLDER...: what a crash has left there is put right, journals that were only begun included.
restored() { bigfile recover "$@" $(find "$@" -name '*.bin'); }
# Nothing is left by Bigfile.
clean() { [ -z "$(ls -a | grep -F .bigfile-)" ]; }

ends() {
	local how
	for how in _exit:1 raise:9 'system:$BIGFILE abort $PPID'; do
		letters data.bin 20000
		play map:0:20000 set:0:0:A msync:0 set:0:0:B unlink:data.bin set:0:1:B get:0:0 open:data.bin "$how" _exit:1 >out || true
		cat out
		[ "$(cat out)" = $'B\nopen: ENOENT' ]
		# One that is killed leaves it to the next who looks for the file.
		[ "$how" != raise:9 ] || { [ ! -e data.bin ] && bigfile run -p "$PWD/data.bin" -- test -e data.bin; }
		[ "$(what data.bin)" = Aaa20000 ]
		clean
	done
	play map:0:20000 unlink:data.bin set:0:1:B exit:0
	rm out
	[ -z "$(ls -A)" ]
}
@test "a file that is unlinked is back after an abort, and gone after a commit" { each_tracker ends; }

anew() {
	letters b.bin 9000
	words="open:data.bin map:0:20000 set:0:0:A unlink:b.bin cut:b.bin write:0:one unlink:b.bin cut:b.bin write:0:two unlink:b.bin cut:b.bin"
	all $words write:0:three _exit:1 || true
	[ "$(what data.bin) $(what b.bin)" = "aaa20000 aaa9000" ]
	all $words write:0:three raise:9 || true
	[ "$(what b.bin)" = 0 ]
	bigfile recover .
	[ "$(what data.bin) $(what b.bin)" = "aaa20000 aaa9000" ]
	clean
	all $words write:0:three fsync unlink:b.bin cut:b.bin write:0:four raise:9 || true
	bigfile run -p "$PWD/" -- cat b.bin >out
	[ "$(cat out)" = three ]
	all $words write:0:three exit:0
	rm out
	[ "$(what data.bin) $(what b.bin)" = "Aaa20000 thr5" ]
	[ "$(echo *)" = "b.bin data.bin" ]
}
@test "unlinked and made anew, again and again" { each_tracker anew; }

# It has given back what was deleted, so that nothing of the transaction is left to be committed.
failed_exec() {
	letters b.bin 9000
	printf '#!/nowhere/at/all\n' >bad
	chmod +x bad
	BIGFILE_EXIT=abort BIGFILE_PATHS="$PWD/*.bin" LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:data.bin map:0:20000 set:0:0:A \
		unlink:b.bin exec:./bad get:0:0 set:0:1:B msync:0 exit:0 >out 2>err
	cat out err
	[ "$(cat out)" = $'exec: ENOENT\na' ]
	grep -q 'an exec has failed.*rolled back' err
	[ "$(what data.bin) $(what b.bin)" = "aBa20000 aaa9000" ]
	clean
}
@test "an exec that fails, and would have rolled back: with the deletions goes the rest" { each_tracker failed_exec; }

# A name that is used otherwise meanwhile: nothing is overwritten.
taken() {
	run all open:data.bin unlink:data.bin system:"mkdir data.bin" _exit:1
	[[ "$output" == *"data.bin: was deleted in a transaction that was rolled back, and another file has its name now: it is kept as $PWD/data.bin.bigfile-kept"* ]]
	[ "$(what data.bin.bigfile-kept)" = aaa20000 ]
	mv data.bin.bigfile-kept old
	rmdir data.bin
	mv old data.bin
	all unlink:data.bin raise:9 || true
	echo other >data.bin
	bigfile recover data.bin
	[ "$(what data.bin) $(what data.bin.bigfile-kept)" = "oth6 aaa20000" ]
	rm data.bin.bigfile-kept
	clean
}
@test "another file has the name: the old one is kept" { each_tracker taken; }

# Who is in no such transaction, and has made a file at the free name, has not written to it yet when the other one comes back.
made_by_others() {
	local who
	for who in marked plain; do
		rm -f one two three four b.bin.bigfile-kept
		letters data.bin 20000
		letters b.bin 9000
		bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:data.bin map:0:20000 set:0:0:A unlink:b.bin post:one await:two _exit:1 &
		first=$!
		posted one >/dev/null
		if [ $who = marked ]; then
			bigfile run -p "$PWD/*.bin" -- "$PROGS/play" cut:b.bin post:three await:four write:0:hello exit:0 &
		else
			"$PROGS/play" cut:b.bin post:three await:four write:0:hello exit:0 &
		fi
		pid=$!
		posted three >/dev/null
		echo >two
		wait $first || true
		echo >four
		wait $pid
		[ "$(what b.bin) $(what b.bin.bigfile-kept)" = "hel5 aaa9000" ]
	done
	rm -f one two three four b.bin.bigfile-kept
	clean
}
@test "what others make at the free name is theirs" { each_tracker made_by_others; }

@test "what the transaction has made at the free name, and only opened for writing, goes with an abort" {
	letters b.bin 9000
	bigfile run -p "$PWD/*.bin" -- /usr/bin/python3 -c '
import os, subprocess
os.unlink("b.bin")
fd = os.open("b.bin", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
subprocess.run([os.environ["BIGFILE"], "abort", str(os.getpid())], check=True)
print(os.stat("b.bin").st_size)' >out
	[ "$(cat out)" = 9000 ]
	rm out
	# After a crash the name is not free.
	all unlink:b.bin raise:9 || true
	bigfile run -p "$PWD/*.bin" -- /usr/bin/python3 -c '
import os
try:
    os.open("b.bin", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
except FileExistsError:
    print(os.path.getsize("b.bin"))' >out
	[ "$(cat out)" = 9000 ]
	rm out
	clean
}

# Killed after its commit, and before the file that it had set aside was gone: who unlinks what it has at the name since then leaves that alone.
unlinked_by_another() {
	local k how=0 news=0
	unseen
	for ((k = RANDOM % 10 + 20; how != 3; k += ${BIGFILE_STEP:-10})); do
		how=0
		rm -f ./*
		letters data.bin 20000
		letters b.bin 9000
		bigfile run -p "$PWD/*.bin" -- "$PROGS/play" await:one cut:b.bin write:0:new fsync post:two await:three unlink:b.bin exit:0 >/dev/null 2>&1 &
		pid=$!
		"$PROGS/killat" -1 -w flag $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*.bin" "$PROGS/play" \
			open:data.bin map:0:20000 set:0:0:A unlink:b.bin post:one await:two open:flag msync:0 _exit:1 >/dev/null 2>&1 || how=$?
		echo >three
		wait $pid
		restored .
		bigfile recover b.bin || true
		echo "call $k: $(what data.bin) $(what b.bin)"
		case "$(what data.bin) $(what b.bin)" in
		"aaa20000 aaa9000") ;;
		"Aaa20000 gone") news=$((news + 1)) ;;
		*) false ;;
		esac
		clean
	done
	[ $news -gt 0 ]
}
@test "another one unlinks what it has at the free name" { each_tracker unlinked_by_another; }

@test "who makes a file while the old one is just coming back loses nothing" {
	letters b.bin 9000
	all unlink:b.bin raise:9 || true
	strace -f -qq -o trace -e trace=openat,renameat2 -e inject=renameat2:delay_enter=300000:when=1 "$BIGFILE" recover b.bin &
	pid=$!
	until_true 60 grep -q 'b.bin.bigfile-unlinked"' trace
	all cut:b.bin post:one await:two write:0:new exit:0 &
	posted one >/dev/null
	wait $pid || true
	echo >two
	wait
	[ "$(what b.bin)" = new3 ]
}

# Renamed onto a name that is free for the moment: nothing could come back to it.
renamed_there() {
	letters b.bin 9000
	all open:data.bin map:0:20000 set:0:0:A unlink:b.bin rename:data.bin:b.bin set:0:1:B _exit:1 || true
	[ "$(what data.bin) $(what b.bin)" = "gone Aaa20000" ]
	# In exchange for what the transaction has made there.
	letters data.bin 20000
	: >new.bin
	all open:data.bin map:0:20000 set:0:0:A unlink:b.bin cut:b.bin exchange:b.bin:new.bin set:0:1:B _exit:1 || true
	[ "$(what data.bin) $(what b.bin) $(what new.bin)" = "Aaa20000 0 0" ]
	clean
}
@test "another file gets the name by rename" { each_tracker renamed_there; }

shared() {
	rm -f out err a b c
	letters data.bin 20000
	begin map:0:20000 set:0:0:A post:a await:c get:0:1 trunc:100 "$1"
	first=$pid
	posted a >/dev/null
	begin map:0:20000 set:0:1:B unlink:data.bin unlink:data.bin set:0:1:C exit:1
	# The one that is last decides.
	wait $pid || true
	echo >c
	wait $first || true
	grep -qx C out
	grep -q 'unlink: ENOENT' out
	rm -f out err a b c
}
two_processes() {
	shared exit:0
	[ -z "$(ls -A)" ]
	shared _exit:1
	[ "$(what data.bin)" = aaa20000 ]
	shared raise:9
	[ ! -e data.bin ]
	bigfile recover data.bin
	[ "$(what data.bin)" = aaa20000 ]
	# Parent and child.
	play map:0:20000 child set:0:0:X unlink:data.bin endchild get:0:0 unlink:data.bin _exit:1 >out || true
	grep -qx X out
	[ "$(what data.bin)" = aaa20000 ]
	clean
}
@test "two processes of one transaction" { each_tracker two_processes; }

links() {
	ln data.bin other
	all open:data.bin map:0:20000 set:0:0:A unlink:data.bin set:0:1:B _exit:1 || true
	[ "$(what data.bin) $(what other)" = "aaa20000 aaa20000" ]
	all open:data.bin map:0:20000 set:0:0:A unlink:data.bin set:0:1:B exit:0
	[ "$(what data.bin) $(what other)" = "gone ABa20000" ]
	# A link is not what it points to.
	ln -s other link
	all open:other unlink:link exit:1 || true
	[ ! -L link ] && [ "$(what other)" = ABa20000 ]
	clean
}
@test "hard and symbolic links" { each_tracker links; }

@test "a folder is removed, and what was deleted in it is committed before" {
	mkdir -p d/e f
	for n in d/1 d/2 d/e/3 f/4 f/5; do letters $n 5000; done
	bigfile run -p "$PWD/" -- rm -rf d
	[ ! -e d ]
	BIGFILE_EXIT=abort bigfile run -p "$PWD/" -- rm f/4 f/5
	[ "$(what f/4) $(what f/5)" = "aaa5000 aaa5000" ]
	bigfile run -p "$PWD/" -- rmdir f && false
	bigfile run -p "$PWD/" -- rm f/4 f/5
	[ -z "$(ls -A f)" ]
}

@test "fsync of the folder commits what was unlinked in it, and only that asks for it" {
	letters data.bin 20000
	BIGFILE_EXIT=abort bigfile run -p "$PWD/" -- /usr/bin/python3 -c '
import os
fd = os.open(".", os.O_RDONLY)
f = os.open("data.bin", os.O_RDWR)
os.pwrite(f, b"X", 0)
os.fsync(fd)
os.unlink("data.bin")
assert os.fstat(f).st_nlink == 0
print(os.path.exists("data.bin"))'
	[ "$(what data.bin)" = aaa20000 ]
	BIGFILE_EXIT=abort bigfile run -p "$PWD/" -- /usr/bin/python3 -c '
import os
os.unlink("data.bin")
os.fsync(os.open(".", os.O_RDONLY))'
	[ -z "$(ls -A)" ]
}

@test "where a file cannot be set aside all is committed first, and it goes at once" {
	letters data.bin 20000
	letters b.bin 9000
	strace -f -qq -o trace -e inject=renameat2:error=ENOSPC:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_PATHS="$PWD/*.bin" \
		"$PROGS/play" open:data.bin map:0:20000 set:0:0:A unlink:b.bin set:0:1:B _exit:1 2>err || true
	grep -q 'ENOSPC .*INJECTED' trace
	grep -q 'b.bin: cannot be set aside: its deletion is no part of the transaction' err
	[ "$(what data.bin) $(what b.bin)" = "Aaa20000 gone" ]
	# A name that would be too long, and one that is too long for a journal.
	for letter in B C; do
		name=$(printf 'n%.0s' $(seq $([ $letter = B ] && echo 220 || echo 245))).bin
		letters $name 100
		bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:data.bin map:0:20000 set:0:1:$letter unlink:$name _exit:1 2>err || true
		[ "$(what data.bin) $(what $name)" = "A${letter}a20000 gone" ]
		grep -q "$name: has too long a name: its deletion is no part of the transaction" err
	done
	clean
}

@test "who deletes what is not marked is held up by one look at it" {
	letters data.bin 20000
	touch plain
	strace -f -qq -o trace -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_PATHS="$PWD/*.bin" \
		"$PROGS/play" open:data.bin map:0:20000 set:0:0:A unlink:plain exit:0
	[ "$(grep -c 'stat.*"plain"' trace)" = 1 ]
	[ ! -e plain ]
}

@test "journals in a folder of their own" {
	mkdir journals files
	export BIGFILE_JOURNAL_DIR=$PWD/journals
	for end in _exit:1 raise:9 exit:0; do
		(cd files && letters data.bin 20000 && letters b.bin 9000)
		bigfile run -p "$PWD/files/" -- "$PROGS/play" open:files/data.bin map:0:20000 set:0:0:A unlink:files/b.bin cut:files/b.bin write:0:new $end || true
		bigfile check files || [ $end = raise:9 ]
		bigfile recover files
		[ "$(what files/data.bin) $(what files/b.bin)" = "$([ $end = exit:0 ] && echo Aaa20000 new3 || echo aaa20000 aaa9000)" ]
		[ "$(ls -A journals) $(ls files)" = " b.bin
data.bin" ]
	done
}

# Its journal, in another folder, is made durable before, for the sake of one that it was the coordinator of.
@test "the folder of what was unlinked is synced before the commit, the other file being renamed" {
	mkdir journals one two
	letters one/f.bin 9000
	letters two/f.bin 9000
	# The one with the lower inode number is it.
	set -- $(ls -i one/f.bin two/f.bin | sort -n | sed 's/.* //; s,/.*,,')
	strace -f -qq -y -o trace -e trace=renameat2,fsync,pwrite64 -E BIGFILE_JOURNAL_DIR="$PWD/journals" -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/one/:$PWD/two/" "$PROGS/play" open:$1/f.bin map:0:9000 open:$2/f.bin map:0:9000 set:0:0:A set:1:0:B msync:0 \
		unlink:$1/f.bin rename:$2/f.bin:$2/new.bin set:1:1:C msync:1 exit:0
	[ "$(find one two -type f)" = $2/new.bin ]
	# From the file's rename to the first record that follows.
	sed -n "/renameat2.*$1\/f.bin.bigfile-unlinked/,/pwrite64.*BCRD/p" trace | grep "fsync([0-9]*<$PWD/$1>)"
}

# landlocked CMD...: under Landlock, which refuses it every removal of a folder.
landlocked() {
	/usr/bin/python3 -c 'if True:
		import ctypes, os, struct, sys
		libc = ctypes.CDLL(None)
		rules = libc.syscall(444, ctypes.create_string_buffer(struct.pack("Q", 1 << 4), 8), 8, 0)
		if rules < 0 or libc.prctl(38, 1, 0, 0, 0) or libc.syscall(446, rules, 0):
			sys.exit(77)
		os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}
@test "a sandbox that allows to remove files, and no folders" {
	letters data.bin 20000
	letters b.bin 9000
	mkdir folder
	landlocked true || skip "no Landlock in this kernel"
	run -1 landlocked rmdir folder
	run landlocked env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:0:A unlink:b.bin exit:0
	[ -z "$output" ]
	clean
	[ "$(what data.bin) $(what b.bin)" = "Aaa20000 gone" ]
}

@test "an ordinary user" {
	as_nobody_can_reach
	mkdir mine
	letters mine/data.bin 20000
	letters mine/fixed.bin 100
	chmod 444 mine/fixed.bin
	chown -R 65534:65534 mine
	cd mine
	as_nobody "$BIGFILE" run -p "$PWD/" -- "$PROGS/play" open:data.bin map:0:20000 set:0:0:A unlink:data.bin _exit:1 || true
	[ "$(what data.bin)" = aaa20000 ]
	as_nobody "$BIGFILE" run -p "$PWD/" -- "$PROGS/play" unlink:data.bin raise:9 || true
	as_nobody "$BIGFILE" recover data.bin
	[ "$(what data.bin)" = aaa20000 ]
	run -0 as_nobody "$BIGFILE" run -p "$PWD/" -- rm -f fixed.bin data.bin
	[[ "$output" == *"fixed.bin: may not be written: its deletion is no part of the transaction"* ]]
	[ -z "$(ls -A)" ]
}

@test "root recovers what an ordinary user has deleted, down to its journal" {
	as_nobody_can_reach
	mkdir mine
	letters mine/data.bin 20000
	chown -R 65534:65534 mine
	cd mine
	run as_nobody strace -f -qq -o /dev/null -P "$PWD/data.bin.bigfile-unlinked.bigfile-journal" -e inject=unlink,unlinkat:signal=SIGKILL \
		-E LD_PRELOAD="$BATS_TEST_TMPDIR/libbigfile.so" -E BIGFILE_PATHS="$PWD/" \
		"$PROGS/play" open:data.bin map:0:20000 set:0:0:A msync:0 unlink:data.bin exit:0
	[ "$(ls -A)" = data.bin.bigfile-unlinked.bigfile-journal ]
	[ "$("$BIGFILE" check . | cut -d: -f2)" = " unlinked" ]
	"$BIGFILE" recover .
	[ -z "$(ls -A)" ]
}

# refused ERRNO WORD...: the last word fails with that, and what was stored before stays what an abort takes back.
refused() {
	local errno=$1
	shift
	letters mine/data.bin 20000
	[ "$(id -u)" != 0 ] || chown 65534 mine/data.bin
	run "${who[@]}" "$BIGFILE" run -p "$PWD/" -- "$PROGS/play" open:mine/data.bin map:0:20000 set:0:0:A "$@" _exit:1
	echo "$*: $output"
	[ "$output" = "$(cut -d: -f1 <<<"${!#}"): $errno" ]
	[ "$(what mine/data.bin)" = aaa20000 ]
}
@test "a deletion that the kernel refuses has its error, and commits nothing" {
	local f other who=()
	as_nobody_can_reach
	mkdir -p mine/folder sticky closed
	chmod 1777 sticky
	chown -R 65534:65534 mine
	for f in sticky/fixed.bin sticky/open.bin closed/fixed.bin closed/open.bin mine/new.bin; do letters $f 100; done
	chmod 666 */open.bin
	chown 65534 mine/new.bin
	who=($AS_NOBODY)
	for f in fixed open; do
		refused EPERM unlink:sticky/$f.bin
		refused EPERM rename:mine/new.bin:sticky/$f.bin
		refused EPERM exchange:mine/new.bin:sticky/$f.bin
		refused EACCES unlink:closed/$f.bin
		refused EACCES rename:mine/new.bin:closed/$f.bin
	done
	refused EISDIR rename:mine/new.bin:mine/folder
	[ "$(what sticky/fixed.bin)$(what sticky/open.bin)$(what closed/fixed.bin)$(what closed/open.bin)$(what mine/new.bin)" = aaa100aaa100aaa100aaa100aaa100 ]
	[ -z "$(find . -name '*.bigfile-*')" ]
	# Root may do all that, but not this.
	who=()
	if chattr +i closed/open.bin; then
		refused EPERM unlink:closed/open.bin
		refused EPERM rename:mine/new.bin:closed/open.bin
		chattr -i closed/open.bin
	fi
	who=(unshare -m sh -c 'mount --bind closed/fixed.bin closed/open.bin && exec "$@"' -)
	refused EBUSY unlink:closed/open.bin
	refused EBUSY rename:mine/new.bin:closed/open.bin
	who=()
	other=$(mktemp -d /dev/shm/bigfile-test.XXXXXX)
	letters $other/x.bin 100
	refused EXDEV rename:$other/x.bin:mine/new.bin
	rm -r $other
	[ -z "$(find . -name '*.bigfile-*')" ]
}

# Whatever has the name by then.
asks() {
	letters b.bin 9000
	letters c.bin 9000
	strace -f -qq -o trace -e trace=unlinkat,rmdir -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_PATHS="$PWD/*.bin" \
		"$PROGS/play" open:data.bin map:0:20000 set:0:0:A unlink:b.bin rename:data.bin:c.bin set:0:1:B _exit:1 || true
	cat trace
	grep -q unlinkat trace
	run ! grep -E 'rmdir|AT_REMOVEDIR' trace
	[ "$(what data.bin) $(what b.bin) $(what c.bin)" = "gone gone Aaa20000" ]
	clean
}
@test "whether a name may be taken away is asked without removing anything" { each_tracker asks; }

# crashes STEP WORD...: killed at every STEP-th call, then perhaps in recovery: data.bin and b.bin are both old or both as in `new`.
crashes() {
	local step=$1 k how state old="aaa20000 aaa9000" olds=0 news=0
	shift
	for ((k = RANDOM % step + 1;; k += step)); do
		rm -f ./*
		letters data.bin 20000
		letters b.bin 9000
		how=0
		"$PROGS/killat" -w b.bin $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*.bin" "$PROGS/play" \
			open:data.bin map:0:20000 set:0:0:A "$@" set:0:1:B exit:0 >/dev/null 2>&1 || how=$?
		[ $((RANDOM % 2)) = 0 ] || "$PROGS/killat" -w bigfile- $((RANDOM % 90 + 1)) "$BIGFILE" recover . >/dev/null 2>&1 || true
		[ $((RANDOM % 2)) = 0 ] || preloaded cat b.bin data.bin >/dev/null 2>&1 || true
		restored .
		state="$(what data.bin) $(what b.bin)"
		echo "call $k: $state"
		[ "$state" = "$old" ] && olds=$((olds + 1)) || news=$((news + 1))
		[ "$state" = "$old" ] || [ "$state" = "$new" ]
		clean
		[ $how != 3 ] || break
	done
	[ $olds -gt 0 ] && [ $news -gt 0 ]
}
preloaded() { env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*.bin" "$@"; }
# BIGFILE_STEP=1 for each single one.
all_crashes() {
	unseen
	new="ABa20000 gone"
	crashes "${BIGFILE_STEP:-53}" unlink:b.bin
	new="ABa20000 new3"
	crashes "${BIGFILE_STEP:-71}" unlink:b.bin cut:b.bin write:0:new
}
@test "kill -9 at the system calls of an unlink, of its commit, and of recovery" { each_tracker all_crashes; }

# A participant dies in it: the other one commits all, or what is left of it.
participant_dies() {
	local k how=0
	unseen
	for ((k = RANDOM % 50 + 1; how != 3; k += ${BIGFILE_STEP:-50})); do
		how=0
		rm -f ./*
		letters data.bin 20000
		letters b.bin 9000
		BIGFILE_PATHS="$PWD/*.bin" LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:data.bin map:0:20000 set:0:0:A post:one await:two exit:0 >/dev/null 2>&1 &
		pid=$!
		posted one >/dev/null
		"$PROGS/killat" -1 -w b.bin $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*.bin" "$PROGS/play" \
			open:data.bin map:0:20000 set:0:1:B unlink:b.bin set:0:1:C msync:0 _exit:1 >/dev/null 2>&1 || how=$?
		echo >two
		wait $pid
		echo "call $k: $(what data.bin) $(what b.bin)"
		case "$(what data.bin) $(what b.bin)" in
		"Aaa20000 aaa9000" | "ABa20000 aaa9000" | "ABa20000 gone" | "ACa20000 gone") ;;
		*) false ;;
		esac
		restored .
		clean
	done
}
# The other one aborts, and commits what it does then: what was unlinked is back, whoever was to follow it.
participant_dies_and_all_is_aborted() {
	local k how=0
	unseen
	for ((k = RANDOM % 12 + 60; how != 3; k += ${BIGFILE_STEP:-12})); do
		how=0
		rm -f ./*
		letters data.bin 20000
		letters b.bin 9000
		BIGFILE_PATHS="$PWD/*.bin" LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:data.bin map:0:20000 set:0:0:A post:one await:two \
			'system:$BIGFILE abort $PPID' set:0:2:Z msync:0 post:three await:four exit:0 >/dev/null 2>&1 &
		pid=$!
		posted one >/dev/null
		"$PROGS/killat" -1 -w b.bin $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*.bin" "$PROGS/play" \
			open:data.bin map:0:20000 set:0:1:B unlink:b.bin set:0:1:C _exit:1 >/dev/null 2>&1 || how=$?
		echo >two
		posted three >/dev/null
		echo "call $k: $(what data.bin) $(what b.bin)"
		[ "$(what data.bin) $(what b.bin)" = "aaZ20000 aaa9000" ]
		echo >four
		wait $pid
		[ "$(what data.bin) $(what b.bin)" = "aaZ20000 aaa9000" ]
	done
}
@test "a participant dies while it unlinks, and another aborts" { each_tracker participant_dies_and_all_is_aborted; }

@test "a participant dies while it unlinks and commits" { each_tracker participant_dies; }

@test "an empty journal of a file that came back goes" {
	letters b.bin 9000
	touch b.bin.bigfile-unlinked.bigfile-journal
	bigfile recover b.bin
	[ "$(what b.bin)" = aaa9000 ]
	clean
}

@test "the journal did not follow, and the name was used again: the file is back" {
	letters b.bin 9000
	all open:b.bin map:0:9000 set:0:0:A msync:0 unlink:b.bin raise:9 || true
	mv b.bin.bigfile-unlinked.bigfile-journal b.bin.bigfile-journal
	touch b.bin
	bigfile recover b.bin
	[ "$(what b.bin)" = Aaa9000 ]
	clean
}

@test "a journal that a crash has left empty, aside or not, and its file gone: nothing is missing" {
	: >b.bin.bigfile-unlinked.bigfile-journal
	run bigfile check b.bin
	echo "$output"
	[ "$status" = 0 ] && [[ "$output" == *"its file is gone"* ]]
	bigfile recover b.bin
	clean
	: >b.bin.bigfile-journal
	bigfile recover .
	clean
}

# The same, and what the machine had not written is lost too; then recovery is cut short in that way.
@test "a power cut during an unlink, its commit, and recovery" {
	local k how=0 state olds=0 news=0
	two_disks
	unseen
	for ((k = RANDOM % 80 + 1; how != 3; k += ${BIGFILE_STEP:-80})); do
		how=0
		rm -f e/*.bin* x/*.bin*
		letters e/data.bin 20000
		letters x/b.bin 9000
		sync
		"$PROGS/killat" -w b.bin $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*/*.bin" "$PROGS/play" open:e/data.bin \
			map:0:20000 set:0:0:A unlink:x/b.bin cut:x/b.bin write:0:new fsync exit:0 >/dev/null 2>&1 || how=$?
		power_cut
		after_boot "$PROGS/killat" -w bigfile- $((RANDOM % 150 + 1)) "$BIGFILE" recover e x >/dev/null 2>&1 || true
		power_cut
		after_boot "$BIGFILE" recover e x $(find e x -name '*.bin')
		state="$(what e/data.bin) $(what x/b.bin)"
		echo "call $k: $state"
		case "$state" in
		"aaa20000 aaa9000") olds=$((olds + 1)) ;;
		"Aaa20000 new3") news=$((news + 1)) ;;
		*) false ;;
		esac
		[ -z "$(ls e x | grep -F .bigfile-)" ]
	done
	[ $olds -gt 0 ] && [ $news -gt 0 ]
}

# What was struck from the roster of another one is durable before the deletion is, though that one has no part in it.
@test "a power cut after nothing but a deletion was committed: nobody looks for the file" {
	local gone kept
	two_disks
	# What happens to be on the disk already is of no use here.
	sync() { :; }
	for gone in e/a.bin x/b.bin e/a.bin x/b.bin; do
		kept=x/b.bin
		[ $gone != $kept ] || kept=e/a.bin
		rm -f e/*.* x/*.*
		letters $gone 20000
		letters $kept 20000
		command sync -f e x
		env BIGFILE_PATHS="$PWD/e/*:$PWD/x/*" LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:$kept map:0:20000 open:$gone map:0:20000 \
			set:0:1:X set:1:1:X msync:0 unlink:$gone msync:0 raise:9 || true
		power_cut
		after_boot "$BIGFILE" recover ${gone%/*}
		run -0 after_boot "$BIGFILE" recover e x
		echo "$gone: $output"
		[[ "$output" != *"cannot be found"* ]]
		[ -z "$(ls e x | grep -F .bigfile-)" ]
		[ "$(byte $kept 1)" = X ] && [ ! -e $gone ]
	done
}
