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
	[ "${BIGFILE_FUZZ:-}" = 1 ] || skip "the fuzzers take a minute to be built, and clang: BIGFILE_FUZZ=1"
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

# Stopped between the seal and applying: what is applied then lies beyond the end of the file, which is a SIGBUS.
cut_while_applying() {
	strace -f -qq -o trace -e inject=fdatasync:signal=SIGSTOP:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_PATHS="$PWD/data.bin" \
		"$PROGS/play" open:data.bin map:0:20000 set:0:1:X set:0:9000:X msync:0 post:done _exit:1 >out 2>&1 &
	tracer=$!
	until_true 60 grep -qs SIGSTOP trace
	victim=$(awk 'NR == 1 { print $1 }' trace)
	until_true 60 grep -q '^State:.T\|^State:.t' "/proc/$victim/status"
	truncate -s 100 data.bin
	kill -CONT "$victim"
	wait $tracer || true
	cat out
	[ -e done ]
	! grep -q 'msync:' out
	[ "$(byte data.bin 1)$(byte data.bin 9000)$(stat -c %s data.bin)" = XX20000 ]
}
@test "another program cuts the file while a commit is applied: what was committed is there" { each_tracker cut_while_applying; }

# They are not built here as a rule: a file of the engine's that they come to need would be missed nowhere.
@test "of the engine's files the fuzzers have all that they need" {
	local objects=$BUILD/shim/.libs/libshim_la f list=()
	[ -e "$objects-config.o" ] || skip "another build than that of the tree"
	for f in $(sed -n '/^readers="/,/"$/{s/readers=//;s/"//g;p}' "$TOP/tests/crash/fuzz"); do list+=("$objects-$f.o"); done
	nm -u "${list[@]}" | awk 'NF == 2 { print $2 }' | sort -u >needed
	nm --defined-only "${list[@]}" | awk 'NF == 3 { print $3 }' | sort -u >there
	nm --defined-only "$objects"-*.o | awk 'NF == 3 { print $3 }' | sort -u >anywhere
	comm -23 needed there | comm -12 - anywhere | tee missing
	# In their place is tests/crash/fuzz_arena.c.
	[ "$(grep -v '^arena_' missing)" = "" ]
}
