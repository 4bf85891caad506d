load helpers

storing() {
	local count=$1
	rm data.bin
	truncate -s $((64 * 4096 + 1000)) data.bin
	"$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/invariant" store data.bin 4 ${2:-10} >out &
	pid=$!
	until_true 60 grep -q ready out
	"$PROGS/invariant" drive $pid data.bin 4 "$count"
	kill -9 $pid
	wait $pid || true
	bigfile recover data.bin
	"$PROGS/invariant" check data.bin 4
}
@test "four threads store while a signal commits a thousand times: every state is of one instant" {
	each_tracker storing 1000 1000
}

# With one thread that stores there are as few as there can be besides the one that waits.
by_themselves() {
	rm data.bin
	truncate -s $((64 * 4096 + 1000)) data.bin
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/invariant" store data.bin "$1" 0 300
	echo "$output"
	[[ "$output" == *"300 commits by msync, all consistent"* ]]
}
one_more_thread() { by_themselves 1 && by_themselves 4; }
@test "a thread commits by msync while others store: the same" { each_tracker one_more_thread; }

pairs() {
	rm data.bin
	truncate -s 8M data.bin
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/pairs" "${3:-store}" data.bin 8 "$1" "$2"
	echo "$output"
	[[ "$output" == *"$2 commits, all consistent"* ]]
	"$PROGS/pairs" check data.bin 8
}
words_and_pages() { pairs 1 10 && pairs 4 10; }
@test "words, pages, read() into a window and pwrite(), at pages far apart: the same, and nothing is left out" {
	each_tracker words_and_pages
}

# Dirty pages on both sides of the border are one run of addresses, and two of the file.
swapped() { pairs 2 5 swapped; }
@test "the same where two parts of the file are mapped side by side in the other order" { each_tracker swapped; }

# Each time that the engine lets others have the lock, all pages are opened again before it comes back: it must not do so for a few pages at a time.
busy() {
	rm -f data.bin
	truncate -s 16M data.bin
	run --separate-stderr timeout -k 5 500 env LD_PRELOAD="$PROGS/.libs/libbusy.so:$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/data.bin" \
		"$PROGS/keeps" data.bin 4096 4 5
	echo "$output" "$stderr"
	[ "$output" = kept ]
	[[ "$stderr" =~ ^"yielded "([0-9]+)" times"$ ]]
	[ "${BASH_REMATCH[1]}" -lt 200 ]
}
@test "who commits and has to wait for a CPU each time that it yields one comes to an end" { each_tracker busy; }

# For pieces of it a memory area would be taken apart.  That all of the file is one may need a few: one for applying, one at each end.
crowded() {
	rm data.bin
	truncate -s 16M data.bin
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/crowded" data.bin 16 6 "$1"
	echo "$output"
	[ "$output" = "6 commits" ]
	bigfile recover data.bin
}
nearly_all() { crowded 6 && crowded 12; }
@test "as many memory areas as a process may have: what is stored meanwhile is committed as before" { each_tracker nearly_all; }

to_the_end() {
	rm data.bin
	truncate -s $((64 * 4096 + 1000)) data.bin
	bigfile run -p "$PWD/data.bin" -- "$PROGS/invariant" store data.bin 4 1
	"$PROGS/invariant" check data.bin 4
}
@test "and the state at exit" { each_tracker to_the_end; }

# Between the end of a stop and the moment when all pages can be stored to again there may be a while.
kernel_stores() {
	local try
	for try in 1 2 3; do
		rm -f data.bin
		truncate -s $((64 * 4096 + 1000)) data.bin
		# Slow looks at the pages: the reader always gets in between, and has to be stopped.  strace may forget a thread that it delays.
		run timeout -k 5 100 strace -f -qq -o trace -e trace=mprotect,ioctl -e inject=ioctl:delay_enter=5000 -e inject=mprotect:delay_enter=20000 \
			-E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/invariant" read data.bin 0 0 10
		echo "$output"
		[ "$status" = 124 ] || [ "$status" = 137 ] || break
	done
	[[ "$output" == *"10 commits by msync, all consistent"* ]]
	grep -q 'mprotect(.*, 266240, PROT_READ[ )]' trace
}
@test "uffd: the kernel stores for a read(), and is never refused" { TRACKERS=uffd each_tracker kernel_stores; }

# What is done when another thread has ended the process, or in the last flush of a stream, belongs to no transaction, and is told so.
late() {
	printf x >a
	printf x >b
	run bigfile run -p "$PWD/" -- "$PROGS/lastwords" a b
	echo "$output"
	[ "$status" = 0 ]
	[[ "$output" == *"write: ok"*"seen: y"*"msync: ECANCELED"*"fsync: ECANCELED"* ]]
	[ "$(cat a b)" = xx ]
	# What is written to a new file is nowhere but in memory: nothing may be replaced by it.
	[[ "$output" == *"rename: ECANCELED"*"unlink: ECANCELED"* ]]
	[ ! -e a.bigfile-journal ] && [ ! -e b.bigfile-journal ]
}
@test "what is written when exit has committed is committed by nobody, and not in one file of two" { each_tracker late; }

# Nobody else follows a name that a process changes when it has left them, and what it holds of the memory is not its own any more.
left() {
	printf x >a
	printf x >b
	rm -f c new
	bigfile run -p "$PWD/?" -p "$PWD/new" -- "$PROGS/lastwords" a b c >out
	cat out
	touch c
	[ "$(grep -cE '^(rename|unlink|longer): ECANCELED' out)" = 3 ]
	until_true 60 eval '[ ! -e a.bigfile-journal ] && [ ! -e b.bigfile-journal ]'
	[ "$(echo *)" = "a b c data.bin new out" ]
	[ "$(stat -c %s a b | paste -sd' ')" = "1 1" ]
}
@test "who has left the transaction of others changes no name and no size in it" { each_tracker left; }

# bash, because it ends by exit() and leaves stdout open.
farewell() {
	printf a >a
	run timeout 200 env LD_PRELOAD="$PROGS/.libs/libfarewell.so:$BUILD/.libs/libbigfile.so" FAREWELL=a BIGFILE_PATHS="$PWD/" bash -c :
	echo "$output"
	[[ "$output" == *"commit: ok"*"child: 0"* ]]
	cmp a <(printf y)
}
@test "a fork when all destructors have run: the child takes part" { each_tracker farewell; }

# clang links its sanitizers so.
early() {
	printf x >a
	run bigfile run -p "$PWD/" -- "$PROGS/firstwords" a
	echo "$output"
	[ "$status" = 137 ]
	bigfile recover a
	[ "$(cat a)" = x ]
}
@test "a program that maps memory before libc has started has transactions all the same" { each_tracker early; }
