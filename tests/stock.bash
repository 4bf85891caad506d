# What is told of stock programs: each has a driver in tests/programs, which describes it by variables and functions; this file has
# the scenarios that all of them go through.  The .bats files tell some of them one after the other (story), scripts/programs
# each from the beginning, as a table.
#
# A driver writes data in batches 0 to 9, of 200 records each.  It has
#	title		its name in the table		packages	the Debian packages it needs, the first for its version
#	keeps		how it keeps its data		files		what is marked; patterns and folders (dir/) are possible
#	variants	for which of them it is told, one after the other; $variant is one of these
#	instants	what any instant of the program's files is, for its own reader: `batches` (whole ones), `records` (whole ones),
#			`rest`, when only a program at rest leaves files that can be read, or `closed`, when only one that has ended does
#	again=no	when a batch cannot be written once more
#	own=yes		when each batch is committed at once, also with BIGFILE_SYNC=defer, because it renames a file over a marked one: a line
#			has to say so
#	limit		the seconds that a scenario may take; 300 when not given
#	note		what its users should know
#	cannot[X]	why scenario X cannot be told of it
# and the functions
#	fresh		makes its files with batch 0, without Bigfile
#	start		starts it by `feed`, as a program that reads its commands from `say`
#	put N		has it write batch N, and returns when it has answered
#	durable N	the same, and what the program itself does to have it on disk
#	unfinished N	the same, but without that; a program that never syncs has no such function, nor one that always does
#			and says so by syncs=yes
#	content		what the files hold, by the program's own reader without Bigfile: lines of a key, a space, a value
#	reread N...	has the running program look at its files anew and checks that it sees these batches; left out where an abort
#			takes away what the program believes it has, so that it has to be started anew
#	fail		has it end with a status other than 0; left out where that cannot be had
# bats fails a test at the first command that fails; so does tests/programs/run.

scenarios="failure kill commit abort twice load sync cut"
declare -gA cannot
under=() booted=()

python() { /usr/bin/python3 "$@"; }

# driver NAME [VARIANT]
driver() {
	variant=${2:-} variants='' instants=records again=yes syncs=no own='' note='' limit=300 cannot=()
	local f
	for f in reread fail unfinished; do unset -f $f; done
	. "$TOP/tests/programs/$1.bash"
}
# version PACKAGES: of the first, as its authors give it.
version() { dpkg-query -W -f='${Version}' "${1%% *}" 2>/dev/null | sed 's/^[0-9]*://; s/[-+~][^-+~]*deb[^-]*$//; s/-[^-]*$//'; }
why_not() {
	if [ -n "${cannot[$1]:-}" ]; then
		echo "${cannot[$1]}"
	elif [ "$1" = sync ] && [ $syncs = no ] && ! declare -F unfinished >/dev/null; then
		echo "never syncs"
	elif [ "$1" = cut ] && [ "$(id -u)" != 0 ]; then
		echo "mounting needs root"
	fi
}

keys() { printf "batch$1-%03d\n" {1..200}; }
lines() { for n; do keys "$n"; done | sed 's/.*/& value-of-&/'; }

# The frame's own files: beside the program's, and not in the way.
place() {
	run_dir=${1:-$PWD/.run}
	mkdir -p "$run_dir"
}

# All that the marked files hold.  A file without content may come and go: names are not part of a transaction.
state() { { find $files -type f ! -name '*.bigfile-journal' ! -empty 2>/dev/null || true; } | sort | xargs -r sha256sum; }
unchanged() {
	[ "$(state)" = "$before" ] || { echo "the files have changed"; diff <(echo "$before") <(state); return 1; }
}
holds() {
	content >"$run_dir/got"
	lines "$@" | cmp "$run_dir/got" - || { lines "$@" | diff "$run_dir/got" - | head -20; return 1; }
}
# to_read FOLDER: a copy of it for the program's own reader, $run_dir/read, in which what is deleted in a transaction is back.
to_read() {
	local f
	rm -rf "$run_dir/read"
	cp -a "$1" "$run_dir/read"
	find "$run_dir/read" -name '*.bigfile-journal' -delete
	for f in $(find "$run_dir/read" -name '*.bigfile-unlinked'); do mv "$f" "${f%.bigfile-unlinked}"; done
}
# copied FOLDER: the files as they are at this moment.
copied() {
	rm -rf "$1"
	mkdir -p "$1"
	find . -path ./.run -prune -o -type f ! -name '*.bigfile-journal' -exec cp -p --parents --sparse=always -t "$1" {} + 2>"$run_dir/copying" || ! grep -v 'No such file' "$run_dir/copying"
}
now_holds() {
	copied "$run_dir/copy"
	(cd "$run_dir/copy"; holds "$@")
}

# feed COMMAND...: in the background, as the leader of a process group, its files marked, its standard input what `say` says.
feed() {
	local f marks=()
	set -f
	for f in $files; do marks+=(-p "$PWD/$f"); done
	set +f
	rm -f "$run_dir/words" "$run_dir/answers"
	mkfifo "$run_dir/words" "$run_dir/answers"
	setsid "${under[@]}" "$BIGFILE" run "${marks[@]}" -- stdbuf -oL "$@" <"$run_dir/words" >"$run_dir/answers" 2>"$run_dir/err" &
	pid=$!
	exec 7>"$run_dir/words" 8<"$run_dir/answers"
}
say() { printf '%s\n' "$@" >&7; }
# answered PATTERN: waits for a line like that; it is $answer then.
answered() {
	while read -rt 60 -u 8 answer; do
		[[ $answer != $1 ]] || return 0
	done
	echo "no answer like '$1', but '$answer'"
	cat "$run_dir/err"
	return 1
}
# swallowed: for a program that answers nothing: it has read all words and waits for more.
swallowed() { until_true 60 waits_for_words; }
waits_for_words() {
	! read -t 0 -u 9 9<"$run_dir/words" && [[ $(cat "/proc/$pid/wchan") = *pipe_read ]]
}

# finish [STATUS]: no more words; it ends by itself, with that status.
finish() {
	local status=0
	exec 7>&-
	wait $pid || status=$?
	exec 8<&-
	[ $status = "${1:-0}" ] || { echo "status $status"; cat "$run_dir/err"; return 1; }
}
# It is killed with all that it has started.
killed() {
	kill -9 -- "-$pid"
	wait $pid 2>/dev/null || true
	until_true 60 all_gone
	exec 7>&- 8<&-
	# What joblib's own janitor would have removed.
	rm -f /dev/shm/sem.loky-$pid-*
}
all_gone() {
	local p
	for p in $(pgrep -g "$pid" || true); do gone "$p" || return 1; done
}
recovered() {
	local f
	for f in $files; do [ ! -e "$f" ] || "${booted[@]}" "$BIGFILE" recover "$f" >/dev/null; done
	# And what belongs to files whose names were given and taken away again.
	"${booted[@]}" "$BIGFILE" recover . >/dev/null
}

# Each scenario begins with files that hold the batches $held, and says what they hold when it is over.
story() {
	begin_story
	for scenario in failure kill commit abort twice sync; do
		[ -n "$(why_not $scenario)" ] || scenario_$scenario
	done
	no_journal
}
begin_story() {
	place
	fresh
	held=0
	holds 0
}
# next NAME...: the next batches, in variables of these names.
next() {
	local name n=${held##* }
	for name; do printf -v "$name" %d $((++n)); done
}
# One that shall commit only when it is told to.
deferred() {
	before=$(state)
	BIGFILE_SYNC=defer start
}
# uncommitted N: batch N has been written, and nobody can tell by the files.
uncommitted() {
	if [ "$own" = yes ]; then
		grep -q "is committed first" "$run_dir/err"
		before=$(state)
		held+=" $1"
	else
		unchanged
	fi
}

scenario_failure() {
	local a
	next a
	if declare -F fail >/dev/null; then
		deferred
		durable $a
		uncommitted $a
		fail
	else
		BIGFILE_EXIT=abort deferred
		durable $a
		uncommitted $a
		finish
	fi
	unchanged
	holds $held
}

scenario_kill() {
	local a
	next a
	deferred
	durable $a
	uncommitted $a
	killed
	unchanged
	recovered
	holds $held
	unchanged
}

scenario_commit() {
	local a b
	next a b
	deferred
	durable $a
	[ "$own" = yes ] || unchanged
	bigfile commit $pid
	before=$(state)
	held+=" $a"
	put $b
	uncommitted $b
	killed
	recovered
	unchanged
	holds $held
}

scenario_abort() {
	local a b
	next a b
	deferred
	durable $a
	bigfile commit $pid
	before=$(state)
	held+=" $a"
	durable $b
	uncommitted $b
	bigfile abort $pid
	unchanged
	if declare -F reread >/dev/null; then
		reread $held
		durable $b
		unchanged
		finish
		held+=" $b"
	else
		killed
		recovered
		unchanged
	fi
	holds $held
}

scenario_twice() {
	local a b c
	next a b c
	deferred
	durable $a
	bigfile commit $pid
	[ $instants = closed ] || now_holds $held $a
	durable $b
	bigfile commit $pid
	[ $instants = closed ] || now_holds $held $a $b
	before=$(state)
	durable $c
	[ "$own" = yes ] || unchanged
	finish
	held+=" $a $b $c"
	holds $held
}

# Committed again and again while the program is at work.  Whatever of that the commits find, it is an instant of the program.
scenario_load() {
	local all n loader i=0
	next all
	all=$(seq -s ' ' $all 8)
	deferred
	put ${all%% *}
	load >"$run_dir/load" 2>&1 &
	loader=$!
	while kill -0 $loader 2>/dev/null; do
		bigfile commit $pid
		[ $((i++ % 4)) != 0 ] || copied "$run_dir/instants/$i"
		[ $i != 10 ] || : >"$run_dir/enough"
	done
	wait $loader || { cat "$run_dir/load"; return 1; }
	[ $i -gt 0 ] || { echo "no commit under load"; return 1; }
	bigfile commit $pid
	before=$(state)
	held+=" $all"
	put 9
	uncommitted 9
	killed
	recovered
	unchanged
	echo "$i commits under load"
	for n in "$run_dir"/instants/*; do
		[[ $instants = @(rest|closed) ]] || (cd "$n"; is_an_instant $held)
	done
	holds $held
}
# All batches, and again if that may be, until there were enough commits.
load() {
	local n
	for n in ${all#* }; do put $n; done
	while [ $again = yes ] && [ ! -e "$run_dir/enough" ]; do
		for n in $all; do put $n; done
	done
}
# The content are the first of these batches, the last of them maybe in part.
is_an_instant() {
	local whole
	content >"$run_dir/got"
	lines "$@" >"$run_dir/all"
	! grep -vxFf "$run_dir/all" "$run_dir/got" || return 1
	[ $instants = batches ] || return 0
	whole=$(($(wc -l <"$run_dir/got") / $(keys 0 | wc -l)))
	lines "${@:1:whole}" | cmp "$run_dir/got" -
}

# What the program itself made durable is there after kill -9, the rest is not.
scenario_sync() {
	local a b c
	next a b c
	start
	durable $a
	durable $b
	! declare -F unfinished >/dev/null || unfinished $c
	killed
	recovered
	held+=" $a $b"
	holds $held
}

# The disk is `disk`, of ext4: all that no sync has brought there is gone.
scenario_cut() {
	local a b
	next a b
	sync -f .
	deferred
	durable $a
	bigfile commit $pid
	before=$(state)
	held+=" $a"
	put $b
	uncommitted $b
	python - <<-'END'
		import fcntl, os, struct
		fcntl.ioctl(os.open(".", os.O_RDONLY), 0x8004587d, struct.pack("I", 2))
	END
	killed
	power_comes_back
	recovered
	holds $held
}

# tell DRIVER [VARIANT [COMMAND...]]: for bats, the story of a program, or something else about it, on each tracker.
tell() {
	local p
	[ $# -gt 1 ] || set -- "$1" ''
	driver "$1" "$2"
	for p in $packages; do
		dpkg-query -W "$p" >/dev/null 2>&1 || skip "$p is not installed"
	done
	[ $# -gt 2 ] || set -- "$@" story
	each_tracker "${@:3}"
}

# Killed at a sync, among those that its commits and ours make: whole batches are there, whatever that interrupted.
syncs() {
	local n
	for n in 1 2 4 8; do
		rm -rf ./*
		place
		fresh
		under=(strace -f -qq -o "$run_dir/trace" -e inject=fdatasync:signal=SIGKILL:when=$n)
		(start; durable 1; durable 2; finish) >/dev/null 2>&1 || true
		under=()
		recovered
		holds 0 >/dev/null || holds 0 1 >/dev/null || holds 0 1 2
	done
}
