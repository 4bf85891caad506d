load helpers

# One at a time: each may need most of the machine's memory.
setup_file() { export BATS_NO_PARALLELIZE_WITHIN_FILE=true; }

# Of them, one in seven: more than there may be memory areas, in more chunks than can be registered apart.  The whole
# million needs 14 GiB of memory: BIGFILE_FULL=1.
pages=150000 memory=4
[ -z "${BIGFILE_FULL:-}" ] || pages=1000000 memory=14

# In memory: on a disk this would measure how fast so many scattered blocks can be written.
spread() {
	[ "$(awk '/MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)" -ge $memory ] || skip "needs $memory GiB of memory"
	file=$(mktemp -p /dev/shm bigfile-test.XXXXXX)
	truncate -s 1T "$file"
	run bigfile run -p "$file" -- "$PROGS/sparse" "$file" 1024 $pages
	rm -f "$file"*
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c '^0 bad' <<<"$output")" = 1 ]
	areas=$(grep areas <<<"$output" | cut -d' ' -f1)
}
teardown() { rm -f /dev/shm/bigfile-test.*; }
@test "dirty pages all over 1 TiB, uffd: at most 1,100 memory areas" {
	TRACKERS=uffd each_tracker spread
	[ "$areas" -le 1100 ]
}
@test "dirty pages all over 1 TiB, mprotect: within vm.max_map_count" {
	TRACKERS=mprotect each_tracker spread
	[ "$areas" -le "$(cat /proc/sys/vm/max_map_count)" ]
}
