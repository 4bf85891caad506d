load helpers

own_signals() {
	truncate -s 200000 data.bin
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/signals" data.bin
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c '^ok' <<<"$output")" = 18 ]
	! grep BAD <<<"$output"
	[ "$(byte data.bin 0)$(byte data.bin 4096)$(byte data.bin 12288)$(byte data.bin 16384)" = abhu ]
}
@test "a program's own handlers, masks and alternate stack" { each_tracker own_signals; }

@test "and the same without Bigfile, so that the program tests the right thing" {
	truncate -s 200000 data.bin
	# Without a transaction nothing handles the abort and commit signals.
	run "$PROGS/signals" data.bin
	[ "$(grep -c '^ok' <<<"$output")" -ge 11 ]
	! grep BAD <<<"$output"
}

small_stack() {
	truncate -s 1M data.bin
	run --separate-stderr bigfile run -p "$PWD/data.bin" -- "$PROGS/stackuse" data.bin 1500
	echo "$output"
	[ "$status" = 0 ]
	[ -z "$output" ]
}
@test "what a handler may call is content with the stack that it has" { each_tracker small_stack; }

own_fault() {
	run play map:0:4096 set:0:1:X raise:11
	[ "$status" = 139 ]
	[ "$(byte data.bin 1)" = a ]
}
@test "a program that dies of SIGSEGV dies of SIGSEGV" { each_tracker own_fault; }

locks() {
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/locks" data.bin
	echo "$output"
	[ "$status" = 0 ]
	[[ "$output" == "commit 0"$'\n'"lock held"*"commit 0" ]]
	[ "$(byte data.bin 0)$(byte data.bin 1)" = AB ]
	with=$(grep descriptors <<<"$output")
	rm data.bin
	letters data.bin 20000
	run "$PROGS/locks" data.bin
	[ "$(grep descriptors <<<"$output")" = "$with" ]
}
@test "POSIX locks stay, descriptors of ours are neither seen nor hit" { each_tracker locks; }

other_signals() {
	export BIGFILE_COMMIT_SIGNAL=RTMIN+2 BIGFILE_ABORT_SIGNAL=none
	start_play map:0:20000 set:0:5:X ready exit:1
	unset BIGFILE_COMMIT_SIGNAL BIGFILE_ABORT_SIGNAL
	kill -s RTMIN+2 $pid
	until_true 60 eval '[ "$(byte data.bin 5)" = X ]'
	kill -USR2 $pid
	status=0
	wait $pid || status=$?
	[ "$status" = 140 ] # the program's own death by SIGUSR2
}
@test "other signals can be chosen" { each_tracker other_signals; }
