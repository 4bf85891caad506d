load helpers

exit_0() {
	play map:0:20000 set:0:5:X set:0:19999:Y exit:0
	[ "$(byte data.bin 5)$(byte data.bin 19999)" = XY ]
	[ "$(stat -c %s data.bin)" = 20000 ]
	no_journal
}
@test "exit with status 0 commits and leaves no trace" { each_tracker exit_0; }

nothing_else() {
	before=$(sum data.bin)
	run play map:0:20000 set:0:5:X "$1"
	echo "$output"
	[ "$(sum data.bin)" = "$before" ]
	bigfile recover data.bin
	[ "$(sum data.bin)" = "$before" ]
	no_journal
}
@test "another exit status rolls back" { each_tracker nothing_else exit:3; [ "$status" = 3 ]; }
@test "_exit with another status rolls back" { each_tracker nothing_else _exit:1; }
@test "a fatal signal rolls back" { each_tracker nothing_else raise:15; }
@test "kill -9 rolls back" { each_tracker nothing_else raise:9; }
@test "abort() rolls back" { each_tracker nothing_else raise:6; }

other_ends() {
	play map:0:20000 set:0:1:Q "$1" || true
	[ "$(byte data.bin 1)" = Q ]
	no_journal
}
@test "_exit(0) commits" { each_tracker other_ends _exit:0; }
@test "quick_exit(0) commits" { each_tracker other_ends quick:0; }
@test "exec commits" { each_tracker other_ends exec:true; }

@test "exec hands on libc's environment, not what the program calls so" {
	for program in env /usr/bin/env; do
		MINE=kept bigfile run -p "$PWD/data.bin" -- "$PROGS/ownenviron" "$program" | grep -x MINE=kept
	done
}

failed_exec() {
	play map:0:4096 set:0:1:Q exec:/no/such/program set:0:2:R exit:0
	[ "$(byte data.bin 1)$(byte data.bin 2)" = QR ]
	no_journal
}
@test "an exec that fails changes nothing" { each_tracker failed_exec; }

# Nothing was committed before it.
failed_exec_that_aborts() {
	printf '#!/nowhere/at/all\n' >bad
	chmod +x bad
	BIGFILE_EXIT=abort play map:0:20000 set:0:1:Q exec:./bad get:0:1 set:0:2:R msync:0 set:0:3:S exit:0 >out
	[ "$(cat out)" = $'exec: ENOENT\nQ' ]
	[ "$(byte data.bin 1)$(byte data.bin 2)$(byte data.bin 3)" = QRa ]
	no_journal
}
@test "nor does one whose success would roll back: what is committed then has all of it" { each_tracker failed_exec_that_aborts; }

msync_commits() {
	run play map:0:20000 set:0:5:X msync:0 set:0:6:Z _exit:1
	[ "$(byte data.bin 5)$(byte data.bin 6)" = Xa ]
}
@test "msync commits what was stored before it" { each_tracker msync_commits; }

fsync_commits() {
	run play map:0:20000 set:0:5:X fsync set:0:6:Z _exit:1
	[ "$(byte data.bin 5)$(byte data.bin 6)" = Xa ]
}
@test "fsync commits" { each_tracker fsync_commits; }

deferred() {
	BIGFILE_SYNC=defer run play map:0:20000 set:0:5:X msync:0 _exit:1
	[ "$(byte data.bin 5)" = a ]
}
@test "BIGFILE_SYNC=defer leaves it to explicit commits" { each_tracker deferred; }

signalled() {
	start_play map:0:20000 set:0:5:X ready set:0:6:Y ready get:0:6 get:0:5 ready set:0:7:Z raise:9
	kill -USR1 $pid
	until_true 60 eval '[ "$(byte data.bin 5)" = X ]'
	go
	until_true 60 ready_count 2
	kill -USR2 $pid
	until_true 60 eval 'bigfile status --json $pid | jq -e ".processes[0].aborts == 1"'
	go
	until_true 60 ready_count 3
	[ "$(grep -v ready out | tr -d '\n')" = aX ]
	go
	wait $pid || true
	bigfile recover data.bin
	[ "$(byte data.bin 5)$(byte data.bin 6)$(byte data.bin 7)" = Xaa ]
}
@test "SIGUSR1 commits, SIGUSR2 shows the committed values again" { each_tracker signalled; }

hot_page() {
	run play map:0:20000 set:0:5:1 msync:0 set:0:5:2 msync:0 set:0:5:3 msync:0 set:0:5:4 _exit:1
	[ "$(byte data.bin 5)" = 3 ]
}
@test "a page that is committed again and again" { each_tracker hot_page; }

back_and_forth() {
	run play map:0:20000 set:0:5:X msync:0 set:0:5:a msync:0 _exit:1
	[ "$(byte data.bin 5)" = a ]
}
@test "a byte that returns to its old value" { each_tracker back_and_forth; }

unmapped() {
	play map:0:20000 set:0:5:X unmap:0 close open:data.bin map:0:20000 get:1:5 exit:0 >out
	[ "$(cat out)" = X ]
	[ "$(byte data.bin 5)" = X ]
}
@test "munmap and close keep what was stored" { each_tracker unmapped; }

not_durable() {
	BIGFILE_DURABLE=no run play map:0:20000 set:0:5:X msync:0 set:0:6:Y raise:9
	bigfile recover data.bin
	[ "$(byte data.bin 5)$(byte data.bin 6)" = Xa ]
}
@test "BIGFILE_DURABLE=no survives kill -9" { each_tracker not_durable; }

interval() {
	export BIGFILE_INTERVAL=0.1
	start_play map:0:20000 set:0:5:X ready exit:1
	unset BIGFILE_INTERVAL
	until_true 60 eval '[ "$(byte data.bin 5)" = X ]'
	go
	wait $pid || true
}
@test "BIGFILE_INTERVAL commits by itself" { each_tracker interval; }

policy() {
	BIGFILE_EXIT=commit run play map:0:4096 set:0:5:X exit:1
	[ "$status" = 1 ]
	[ "$(byte data.bin 5)" = X ]
	BIGFILE_EXIT=abort run play map:0:4096 set:0:6:X exit:0
	[ "$(byte data.bin 6)" = a ]
}
@test "BIGFILE_EXIT decides otherwise" { each_tracker policy; }

journal_dir() {
	mkdir j
	BIGFILE_JOURNAL_DIR=$PWD/j run play map:0:4096 set:0:5:X msync:0 raise:9
	no_journal
	[ "$(ls j | wc -l)" = 1 ]
	BIGFILE_JOURNAL_DIR=$PWD/j run bigfile check data.bin
	[ "$status" = 1 ]
	BIGFILE_JOURNAL_DIR=$PWD/j bigfile recover data.bin
	[ "$(ls j | wc -l)" = 0 ]
	[ "$(byte data.bin 5)" = X ]
}
@test "BIGFILE_JOURNAL_DIR keeps journals elsewhere" { each_tracker journal_dir; }

@test "unmarked files are untouched by all this" {
	letters data.bin 20000
	run bigfile run -p "$PWD/other.*" -- "$PROGS/play" open:data.bin map:0:20000 set:0:5:X _exit:1
	[ "$(byte data.bin 5)" = X ]
}
