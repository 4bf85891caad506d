load helpers

# play2 WORD...: data.bin and b.bin are marked.
play2() { bigfile run -p "$PWD/data.bin" -p "$PWD/b.bin" -- "$PROGS/play" "$@"; }

renamed() {
	play2 open:data.bin map:0:20000 set:0:0:A msync:0 set:0:1:B rename:data.bin:b.bin set:0:2:C msync:0 set:0:3:D _exit:1 || [ $? = 1 ]
	[ ! -e data.bin ]
	[ "$(head -c 4 b.bin)" = ABCa ]
	bigfile check b.bin || [ $? = 1 ]
	bigfile recover b.bin
	[ "$(head -c 4 b.bin)" = ABCa ]
	no_journal
}
@test "a journal follows its file to another name" { each_tracker renamed; }

renamed_crash() {
	# Killed between the sync of the second commit and its apply.
	strace -f -qq -o trace -e inject=fdatasync:signal=SIGKILL:when=4 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin:$PWD/b.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:0:A msync:0 \
		rename:data.bin:b.bin set:0:1:B msync:0 exit:0 || true
	[ ! -e data.bin ]
	[ ! -e data.bin.bigfile-journal ]
	bigfile recover b.bin
	[ "$(head -c 2 b.bin)" = AB ]
}
@test "recovery under the new name" { each_tracker renamed_crash; }

renamed_away() {
	run play2 open:data.bin map:0:20000 set:0:0:A rename:data.bin:c.bin set:0:1:B exit:0
	[[ "$output" == *"data.bin: renamed to $PWD/c.bin, which BIGFILE_PATHS does not name"* ]]
	[ "$(head -c 3 c.bin)" = ABa ]
	no_journal
}
@test "a file that is renamed away stays in its transaction" { each_tracker renamed_away; }

folder() {
	mkdir d
	letters d/f.bin 9000
	bigfile run -p "$PWD/d/" -p "$PWD/e/" -- "$PROGS/play" open:d/f.bin map:0:9000 set:0:0:A msync:0 set:0:1:B rename:d:e set:0:2:C \
		msync:0 set:0:3:D _exit:1 || [ $? = 1 ]
	bigfile recover e/f.bin
	[ "$(head -c 4 e/f.bin)" = ABCa ]
	[ "$(ls e)" = f.bin ]
}
@test "a folder is renamed" { each_tracker folder; }

# Killed in the call itself: of what was committed nothing is in the journals alone, nor does one need another.
folder_emptied() {
	mkdir d e j
	letters d/f.bin 9000
	letters e/g.bin 9000
	for dir in "" "$PWD/j"; do
		strace -f -qq -o trace -e inject=renameat2:signal=SIGKILL:when=1 -E BIGFILE_JOURNAL_DIR="$dir" -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
			-E BIGFILE_PATHS="$PWD/d/:$PWD/e/" "$PROGS/play" open:d/f.bin map:0:9000 open:e/g.bin map:0:9000 set:0:0:A set:1:0:A msync:0 \
			rename:d:h exit:0 || true
		# Which of the two decides, inode numbers say; only the other one's record needs it.
		BIGFILE_JOURNAL_DIR=$dir bigfile recover d e | tee out
		grep d/f.bin:.empty out
		[ "$(stat -c %i d/f.bin)" -gt "$(stat -c %i e/g.bin)" ] || grep e/g.bin:.empty out
	done
}
@test "before a folder is renamed all is in the files in it" { each_tracker folder_emptied; }

exchanged() {
	letters b.bin 9000
	play2 open:data.bin map:0:20000 set:0:0:A msync:0 set:0:1:B open:b.bin map:0:9000 set:1:0:X msync:1 exchange:data.bin:b.bin \
		set:0:2:C set:1:1:Y msync:0 set:0:3:D _exit:1 || [ $? = 1 ]
	bigfile recover data.bin b.bin
	[ "$(head -c 4 b.bin)$(stat -c %s b.bin)" = ABCa20000 ]
	[ "$(head -c 3 data.bin)$(stat -c %s data.bin)" = XYa9000 ]
	no_journal
}
@test "two files change names" { each_tracker exchanged; }

replaced() {
	letters new 5000
	start_play map:0:20000 set:0:0:A ready open:data.bin map:0:5000 set:1:1:N ready exit:0
	mv new data.bin
	go
	until_true 60 ready_count 2
	go
	wait $pid
	grep -q 'data.bin: replaced by another file: what was not committed of the old one is dropped' err
	[ "$(head -c 3 data.bin)$(stat -c %s data.bin)" = aNa5000 ]
	no_journal
}
@test "another program renames a file over one in use" { each_tracker replaced; }

replaced_here() {
	letters new 5000
	play2 open:data.bin map:0:20000 set:0:0:A rename:new:data.bin set:0:1:B open:data.bin map:0:5000 set:1:2:N exit:0
	[ "$(head -c 4 data.bin)$(stat -c %s data.bin)" = aaNa5000 ]
	no_journal
}
@test "the program renames a file over one in use" { each_tracker replaced_here; }

replaced_after_crash() {
	# A committed record that is not in the file yet must not be taken for the new file's.
	strace -f -qq -o trace -e inject=fdatasync:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:0:A msync:0 exit:0 || true
	[ -e data.bin.bigfile-journal ]
	letters new 5000
	play2 rename:new:data.bin open:data.bin map:0:5000 set:0:1:N exit:0
	[ "$(head -c 3 data.bin)$(stat -c %s data.bin)" = aNa5000 ]
	no_journal
}
@test "a file is renamed over one that needs recovery" { each_tracker replaced_after_crash; }

unlinked() {
	play2 open:data.bin map:0:20000 set:0:0:A unlink:data.bin set:0:1:B cut:data.bin write:0:new open:data.bin exit:0
	[ "$(cat data.bin)" = new ]
	no_journal
	letters data.bin 20000
	play2 open:data.bin map:0:20000 set:0:0:A msync:0 set:0:0:B unlink:data.bin get:0:0 exit:0 >out
	[ "$(cat out)" = B ]
	[ "$(ls)" = $'out' ]
}
@test "a file in use is deleted, and made again" { each_tracker unlinked; }

linked() {
	ln data.bin other
	play2 open:other open:data.bin map:0:20000 set:0:0:A open:other read:0:2 write:1:B get:0:1 exit:0 >out
	[ "$(cat out)" = $'Aa\nB' ]
	[ "$(head -c 3 data.bin)" = ABa ]
	# The first name goes; the transaction goes on under the one that the program has made.
	play2 open:data.bin map:0:20000 set:0:0:C link:data.bin:b.bin unlink:data.bin set:0:1:D exit:0
	[ "$(head -c 3 b.bin)" = CDa ]
	no_journal
}
@test "hard links" { each_tracker linked; }

# A new file takes the place of a committed one: whatever follows, the name holds the one or the other.
written_anew() {
	before=$(sum data.bin)
	BIGFILE_SYNC=defer play2 cut:b.bin write:0:fresh rename:b.bin:data.bin exit:1 || true
	[ "$(cat data.bin)" = fresh ]
	letters data.bin 20000
	strace -f -qq -o trace -e inject=rename,renameat,renameat2:signal=SIGKILL -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_SYNC=defer \
		-E BIGFILE_PATHS="$PWD/data.bin:$PWD/b.bin" "$PROGS/play" cut:b.bin write:0:fresh rename:b.bin:data.bin exit:0 || true
	bigfile recover data.bin b.bin
	[ "$(sum data.bin)" = "$before" ] || [ "$(cat data.bin)" = fresh ]
}
@test "a file that is written anew and renamed into place is never lost" { each_tracker written_anew; }

# Its commits are in the journal alone: the file must stay where that is found.
rename_refused() {
	run strace -f -qq -o trace -e inject=fdatasync:error=EIO:when=2 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin:$PWD/b.bin" "$PROGS/play" open:data.bin map:0:20000 set:0:0:A msync:0 rename:data.bin:b.bin _exit:1
	[[ "$output" == *"data.bin: checkpoint failed"*"rename: EIO"* ]]
	[ ! -e b.bin ]
	bigfile recover data.bin
	[ "$(head -c 2 data.bin)" = Aa ]
	no_journal
}
@test "a file whose commits cannot be made durable in it keeps its name" { each_tracker rename_refused; }

# Who replaces it has seen it empty, and nothing of it since.
replaced_by_another() {
	cat >program.py <<-'PY'
		import mmap, os
		fd = os.open("new.bin", os.O_RDWR | os.O_CREAT)
		os.write(fd, b"new" * 2000)
		m = mmap.mmap(fd, 4096)
		ready, go = os.pipe(), os.pipe()
		if os.fork() == 0:
		    os.write(ready[1], b"!")
		    os.read(go[0], 1)
		    os.rename("data.bin", "new.bin")
		    os._exit(1)
		os.read(ready[0], 1)
		m.flush()
		m[0] = 1
		os.write(go[1], b"!")
		os.wait()
		os._exit(1)
	PY
	BIGFILE_LOG=info run bigfile run -p '*.bin' -- /usr/bin/python3 program.py
	[ "$(grep -c ': committed' <<<"$output")" = 2 ]
}
@test "before a file is replaced that another process has just committed, what came since is committed" { each_tracker replaced_by_another; }

# Who commits only when he says so hears of the commit that a name forces.
forced() {
	local said="data.bin: is replaced by another file: what came before is committed first"
	echo new >new
	BIGFILE_SYNC=defer run play2 open:data.bin map:0:20000 set:0:0:A rename:new:data.bin _exit:1
	echo "$output"
	[[ "$output" == *"$said"* ]]
	letters data.bin 20000
	echo new >new
	run play2 open:data.bin map:0:20000 set:0:0:A rename:new:data.bin exit:0
	[[ "$output" != *"$said"* ]]
}
@test "a commit before a rename is said where only the user's own commits are to count" { each_tracker forced; }

# By the call that the kernel sees: ours is renameat2, made under the lock that a commit holds.
unmarked() {
	: >x
	strace -qq -o trace -e trace=rename,renameat2 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_PATHS="$PWD/data.bin" \
		"$PROGS/play" open:data.bin map:0:20000 set:0:1:B rename:x:y exit:0
	cat trace
	grep -q '^rename("x", "y") = 0' <(tr -s ' ' <trace)
}
@test "a rename that concerns no marked file waits for no commit" { each_tracker unmarked; }
