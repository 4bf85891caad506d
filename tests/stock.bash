# What the tests of stock programs share: one story, told about each of them.  A program is described by functions:
#	fresh		makes its files with batch 0, without Bigfile
#	start		starts it by `feed`, as a program that reads its commands from `say`
#	put N		has it write batch N, and returns when it has answered
#	durable N	the same, and what the program itself does to have it on disk
#	unfinished N	the same, but without that
#	content		what the files hold, by the program's own reader without Bigfile: lines of a key, a space, a value
#	reread N...	has the running program look at its files anew and checks that it sees these batches
#	fail		has it end with a status other than 0
# and by $files, those that are marked.  reread and fail are left out where a program has no such thing.

needs() { command -v "$1" >/dev/null || skip "$1 is not installed"; }
python() { /usr/bin/python3 "$@"; }
# needs_module NAME PACKAGE
needs_module() { python -c "import $1" 2>/dev/null || skip "$2 is not installed"; }

keys() { printf "batch$1-%03d\n" {1..200}; }
lines() { for n; do keys "$n"; done | sed 's/.*/& value-of-&/'; }

under=()
state() { cat $files 2>/dev/null | sha256sum; }
unchanged() { [ "$(state)" = "$before" ]; }
holds() {
	content >got
	lines "$@" | cmp got - || { lines "$@" | diff got - | head -20; return 1; }
}

# feed COMMAND...: in the background, its files marked, its standard input what `say` says.
feed() {
	local f marks=()
	for f in $files; do marks+=(-p "$PWD/$f"); done
	rm -f words answers
	mkfifo words answers
	"${under[@]}" "$BIGFILE" run "${marks[@]}" -- stdbuf -oL "$@" <words >answers 2>err &
	pid=$!
	exec 7>words 8<answers
}
say() { printf '%s\n' "$@" >&7; }
# answered PATTERN: waits for a line like that; it is $answer then.
answered() {
	while read -rt 20 -u 8 answer; do
		[[ $answer != $1 ]] || return 0
	done
	echo "no answer like '$1', but '$answer'"
	cat err
	return 1
}

# finish [STATUS]: no more words; it ends by itself, with that status.
finish() {
	local status=0
	exec 7>&-
	wait $pid || status=$?
	exec 8<&-
	[ $status = "${1:-0}" ] || { echo "status $status"; cat err; return 1; }
}
killed() {
	kill -9 $pid
	wait $pid || true
	exec 7>&- 8<&-
}
recovered() {
	local f
	for f in $files; do [ ! -e "$f" ] || bigfile recover "$f" >/dev/null; done
}

story() {
	fresh
	before=$(state)
	holds 0
	not_committed
	committed
	rolled_back
	its_own_commits
	no_journal
}

not_committed() {
	export BIGFILE_SYNC=defer
	start
	durable 1
	unchanged
	killed
	unchanged
	recovered
	holds 0
	unchanged
}

committed() {
	start
	durable 1
	bigfile commit $pid
	before=$(state)
	holds 0 1
	put 2
	unchanged
	killed
	recovered
	unchanged
	holds 0 1
	start
	put 2
	finish
	holds 0 1 2
	before=$(state)
}

rolled_back() {
	start
	durable 3
	bigfile abort $pid
	unchanged
	if declare -F reread >/dev/null; then
		reread 0 1 2
		durable 4
		unchanged
		finish
		holds 0 1 2 4
		before=$(state)
	else
		killed
		recovered
		unchanged
	fi
	if declare -F fail >/dev/null; then
		start
		durable 5
		fail
	else
		BIGFILE_EXIT=abort start
		durable 5
		finish
	fi
	unchanged
}

# Without defer: what the program made durable is there after kill -9, the rest is not.
its_own_commits() {
	local held=$(content | sed 's/^batch\(.\).*/\1/' | uniq)
	unset BIGFILE_SYNC
	start
	durable 6
	durable 7
	unfinished 8
	killed
	recovered
	holds $held 6 7
}

# Killed at a sync, among those that its commits and ours make: whole batches are there, whatever that interrupted.
syncs() {
	local n
	for n in 1 2 4 8; do
		rm -rf ./*
		fresh
		under=(strace -f -qq -o trace -e inject=fdatasync:signal=SIGKILL:when=$n)
		(start; durable 1; durable 2; finish) >/dev/null 2>&1 || true
		under=()
		recovered
		holds 0 >/dev/null || holds 0 1 >/dev/null || holds 0 1 2
	done
}
