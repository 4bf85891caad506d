# What both the .bats files and scripts/programs use.

bigfile() { "$BIGFILE" "$@"; }

# until_true SECONDS COMMAND...: polls.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "still not true: $*"; return 1; }
		read -rt 0.02 <> <(:) || true
	done
}

# gone PID: all its threads have ended, whoever is to wait for it.  The first may be a zombie while others still hold locks.
gone() {
	local tasks=(/proc/"$1"/task/*)
	[ ! -e "/proc/$1" ] || { [ ${#tasks[@]} = 1 ] && grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }
}

no_journal() { ! ls ./*.bigfile-journal 2>/dev/null; }

# needs_module NAME PACKAGE: of Debian's Python.
needs_module() { /usr/bin/python3 -c "import $1" 2>/dev/null || skip "$2 is not installed"; }

# memory_group NAME: a control group whose memory can be limited, of either version: sets group, its folder, and limit, the file in it.
memory_group() {
	group=/sys/fs/cgroup/memory/$1 limit=memory.limit_in_bytes
	[ -e /sys/fs/cgroup/memory ] || { group=/sys/fs/cgroup/$1 limit=memory.max; }
	mkdir "$group" 2>/dev/null || return
	[ -e "$group/$limit" ] || { rmdir "$group"; return 1; }
}
