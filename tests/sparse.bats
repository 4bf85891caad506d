load helpers

# One at a time: each needs most of the machine's memory.
setup_file() { export BATS_NO_PARALLELIZE_WITHIN_FILE=true; }

# In memory: on a disk this would measure how fast a million scattered blocks can be written.
million() {
	[ "$(awk '/MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)" -ge 14 ] || skip "needs 14 GiB of memory"
	file=$(mktemp -p /dev/shm bigfile-test.XXXXXX)
	truncate -s 1T "$file"
	run bigfile run -p "$file" -- "$PROGS/sparse" "$file" 1024 1000000
	rm -f "$file"*
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c '^0 bad' <<<"$output")" = 1 ]
	areas=$(grep areas <<<"$output" | cut -d' ' -f1)
}
teardown() { rm -f /dev/shm/bigfile-test.*; }
@test "a million dirty pages over 1 TiB, uffd: at most 1,100 memory areas" {
	TRACKERS=uffd each_tracker million
	[ "$areas" -le 1100 ]
}
@test "dirty pages over 1 TiB, mprotect: within vm.max_map_count" {
	TRACKERS=mprotect each_tracker million
	[ "$areas" -le "$(cat /proc/sys/vm/max_map_count)" ]
}
