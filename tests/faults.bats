load helpers

# The quick half of the crash laboratory that breaks calls, limits and input (tests/crash/README.md): some fifty seconds in all.
lab() {
	run "$TOP/tests/crash/$1" --quick --seed "${BIGFILE_SEED:-$RANDOM}"
	echo "$output"
	[ "$status" = 0 ]
	grep -q '^= tried\|^skipped' <<<"$output"
}

@test "one system call of the engine goes wrong: nothing is torn, nothing acknowledged is lost" { lab faults; }

@test "too little memory, room, descriptors, areas: an errno and a line" { lab limits; }

@test "an older kernel, or a container's policy: the same transactions, or a line" { lab kernels; }

@test "journals, control pages and words from a fuzzer" {
	[ "${BIGFILE_FUZZ:-}" = 1 ] || [ -e "$BUILD/crash/fuzz_journal" ] || skip "no fuzzers are built (BIGFILE_FUZZ=1 builds them, in minutes)"
	lab fuzz
}

# What filled the disk is found out by a call that looks at the page at the end of the file: it fails, and kills nobody.
@test "a full disk fails ftruncate" {
	[ "$(id -u)" = 0 ] || skip "mounting needs root"
	mkdir m
	mount -t tmpfs -o size=240k none m
	for f in a b; do head -c 49152 /dev/zero >m/$f; done
	run env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/m/" "$BUILD/tests/crash/victim" run two m/a m/b
	umount m
	echo "$output"
	[ "$status" = 7 ]
	[[ "$output" == *"its size cannot be changed: the page at the end cannot be had"*"ftruncate EIO"* ]]
}
