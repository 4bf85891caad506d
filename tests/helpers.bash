# What the topics share.  Each test works in a folder of its own; page-touching ones run on both trackers.
set -u
bats_require_minimum_version 1.5.0
TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
BUILD=${BIGFILE_BUILD:-$TOP/build}
PROGS=$BUILD/tests/progs
BIGFILE=$BUILD/bigfile
export BIGFILE PROGS
# Other users are to read what is made for them, whoever runs this.
umask 022
load basics

setup() {
	cd "$BATS_TEST_TMPDIR"
	unset BIGFILE_PATHS BIGFILE_VIEW BIGFILE_TRACKER BIGFILE_SYNC BIGFILE_EXIT BIGFILE_LOG BIGFILE_JOURNAL_DIR LD_PRELOAD
}

# Stops what a failed test left running.
teardown() {
	local pid
	for pid in $(jobs -p); do kill -9 "$pid" 2>/dev/null || true; done
}

# A file of N bytes 'a'.
letters() { head -c "$2" /dev/zero | tr '\0' a >"$1"; }

sum() { sha256sum <"$1"; }

# byte FILE OFFSET: prints that byte.
byte() { dd if="$1" bs=1 skip="$2" count=1 status=none; }

# at OFFSET...: these bytes of data.bin, as the file itself has them.
at() { for o; do byte data.bin "$o"; done; }

# play WORD...: runs the words on data.bin, marked.
play() { bigfile run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin "$@"; }

# each_tracker FUNCTION: a fresh data.bin and the function, for each tracker.
each_tracker() {
	local t
	for t in ${TRACKERS:-uffd mprotect}; do
		echo "# tracker $t"
		export BIGFILE_TRACKER=$t
		rm -rf ./*
		letters data.bin 20000
		"$@"
	done
	unset BIGFILE_TRACKER
}

# Starts play in the background, its words fed by a pipe; waits until it is ready the first time.
# go: lets it run on.  pid: its process.
start_play() {
	rm -f go.pipe out
	mkfifo go.pipe
	"$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin "$@" <go.pipe >out 2>err &
	pid=$!
	exec 7>go.pipe
	until_true 60 grep -q ready out
}

go() { echo >&7; }
ready_count() { [ "$(grep -c ready out)" -ge "$1" ]; }

# begin WORD...: a play in the background, marked, as one of several; they write to `out` in turn.  pid: its process.
begin() {
	"$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin "$@" >>out 2>>err &
	pid=$!
}
# posted NAME: waits for a play's post, and prints the pid in it.
posted() {
	until_true 60 test -e "$1"
	cat "$1"
}
# traced PID [THREAD]: an strace has all its threads, or this one, and waits for what they do.  It takes them one after the other, and until it
# has made a thread stop once, calls of that pass it by.
traced() {
	local tracer
	tracer=$(sed -n 's/^TracerPid:.//p' /proc/"$1"/task/${2:-*}/status | sort -u)
	[[ $tracer = [1-9]*([0-9]) ]] && grep -q '^State:.S' "/proc/$tracer/status"
}
# Other processes of this user would have their pages looked at, and every call counts.
unseen() {
	mkdir -p -m 700 .run
	export XDG_RUNTIME_DIR=$PWD/.run
}

# Runs a command as an ordinary user.
AS_NOBODY="setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_RUNTIME_DIR"
as_nobody() { $AS_NOBODY "$@"; }

# Copies of the tool and the programs where that user can reach them, and a folder of his own.
as_nobody_can_reach() {
	[ "$(id -u)" = 0 ] || skip "becoming another user needs root"
	local d=$BATS_TEST_TMPDIR
	while [ "$d" != / ]; do
		chmod a+x "$d"
		d=$(dirname "$d")
	done
	cp "$BUILD/bigfile" "$BUILD/bigfile-tool" "$BUILD/.libs/libbigfile.so" $(find "$BUILD/tests/progs" -type f -executable) "$BATS_TEST_TMPDIR/"
	BIGFILE=$BATS_TEST_TMPDIR/bigfile PROGS=$BATS_TEST_TMPDIR
}

# f0.bin to f3.bin and other.bin, all marked; words: play maps the four, and lets them go.
four_and_another() {
	local i
	words=()
	for i in 0 1 2 3; do
		letters "f$i.bin" 20000
		words+=("open:f$i.bin" map:0:20000 "unmap:$i" close)
	done
	letters other.bin 20000
	export BIGFILE_PATHS="$PWD/*.bin"
}
