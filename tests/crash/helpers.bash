# What the harnesses of the crash laboratory share; README.md tells the interface.  Sourced with the harness's own arguments.
set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BIGFILE_BUILD:-$TOP/build}
BIGFILE=$BUILD/bigfile
LIBRARY=$BUILD/.libs/libbigfile.so
PROGS=$BUILD/tests/progs
LAB=$BUILD/tests/crash
HARNESS=$(basename "$0")
. "$TOP/tests/basics.bash"
unset BIGFILE_PATHS BIGFILE_VIEW BIGFILE_TRACKER BIGFILE_SYNC BIGFILE_EXIT BIGFILE_LOG BIGFILE_JOURNAL_DIR LD_PRELOAD

# mode: quick, full, or normal.  seed, count, time, only: as given; count, time and only may be empty.
mode=normal seed=1 count='' time='' only=''
while [ $# -gt 0 ]; do
	case $1 in
	--quick | --full) mode=${1#--} ;;
	--seed) seed=$2; shift ;;
	--count) count=$2; shift ;;
	--time) time=$2; shift ;;
	--only) only=$2; shift ;;
	*) echo "$HARNESS: what is $1?" >&2; exit 2 ;;
	esac
	shift
done
RANDOM=$((seed % 32768))

# by_mode QUICK NORMAL FULL: that of the mode.
by_mode() {
	case $mode in
	quick) echo "$1" ;;
	full) echo "$3" ;;
	*) echo "$2" ;;
	esac
}

# portion QUICK NORMAL FULL: the same for what --full does not get through in a given time: then the normal portion, with seed after seed.
portion() {
	if [ "$mode" = full ] && [ -n "$time" ]; then echo "$2"; else by_mode "$@"; fi
}
time_is_up() { [ -n "$time" ] && [ $SECONDS -ge "$time" ]; }
# in_order: lines, each time from another one on where the time may not suffice for all.
in_order() { if [ -n "$time" ]; then shuf; else cat; fi; }
# again: is there time for another round?  With the next seed.
again() {
	[ -n "$time" ] && ! time_is_up || return
	seed=$((seed + 1))
}

# a_tracker WORD...: one of the two, for the same words always the same, so that a part alone repeats what it did among the others.
# (RANDOM would be another one in each $(...), whatever the seed.)
a_tracker() {
	local sum
	sum=$(cksum <<<"$*")
	if [ $((${sum%% *} % 2)) = 0 ]; then echo uffd; else echo mprotect; fi
}

# In memory where there is room: most of the laboratory is bound by it.
WORK=$(mktemp -d -p "${CRASH_TMP:-/dev/shm}" crash.XXXXXX)
END_COMMANDS=()
at_end() { END_COMMANDS+=("$*"); }
clean_up() {
	local i
	for ((i = ${#END_COMMANDS[@]} - 1; i >= 0; i--)); do eval "${END_COMMANDS[i]}" >/dev/null 2>&1 || true; done
	rm -rf "$WORK"
}
trap clean_up EXIT
child=''
trap '[ -z "$child" ] || kill "$child"; exit 143' TERM INT HUP
# attend COMMAND...: waits for it, so that it ends when we are told to.
attend() {
	local status=0
	"$@" &
	child=$!
	wait "$child" || status=$?
	child=''
	return $status
}

any_lost=0
# tried PART TRIED LOST: one part is done.
tried() {
	echo "= tried $2 survived $(($2 - $3)) lost $3 $1"
	[ "$3" = 0 ] || any_lost=1
}
# lost SEED TEXT COMMAND: what went wrong, and how to see it again.
lost() {
	any_lost=1
	echo "lost: seed $1: $2"
	echo "  repeat: $3"
}
skipped() { echo "skipped: $*"; }
finish() { exit $any_lost; }
# After a part: with CRASH_STOP set the first loss is enough, and the time that was given may be up.
enough() {
	[ -z "${CRASH_STOP-}" ] || [ $any_lost = 0 ] || finish
	! time_is_up || finish
}
