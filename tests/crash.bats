# The quick half of the crash laboratory, with a seed that is new each time: see tests/crash/README.md.
load helpers

# laboratory HARNESS: what it prints tells how to repeat a failure.
laboratory() {
	run "$TOP/tests/crash/$1" --quick --seed $((RANDOM * 32768 + RANDOM))
	echo "$output"
	[ "$status" = 0 ]
	[[ "$output" == *"= tried "* ]]
	[[ "$output" != *"lost:"* ]]
}

@test "killed or cut off from power at any call, and in recovery: a state that was acknowledged, or the next" { laboratory cuts; }
@test "kill -9 before and after system calls, of all processes and of one of two" { laboratory kills; }
@test "threads that store, commit, abort, fork, exit and load libraries, while their order is shaken" { laboratory races; }

@test "the bugs that the laboratory is tested with still apply to the tree" {
	local p
	for p in "$TOP"/tests/crash/planted/*.patch; do
		echo "$p"
		patch -s -F 0 --dry-run -d "$TOP" -p1 <"$p"
		grep -q '^What: ' "$p"
		[ -x "$TOP/tests/crash/$(sed -n 's/^By: //p' "$p")" ]
	done
}
