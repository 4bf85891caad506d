load helpers

setup_file() {
	[ -x "${BIGFILE_BUILD:-$BATS_TEST_DIRNAME/../build}/bigfile-top" ] || skip "built without ncurses"
	command -v tmux >/dev/null || skip "no tmux"
}

T() { tmux -S "$BATS_TEST_TMPDIR/tmux" "$@"; }
teardown() {
	T kill-server 2>/dev/null || true
	local pid
	for pid in $(jobs -p); do kill -9 "$pid" 2>/dev/null || true; done
}

# The screen has a line that matches.
screen() { T capture-pane -p | grep -qE -- "$1"; }
shows() { until_true 60 screen "$1" || { T capture-pane -p; return 1; }; }

@test "top shows what is going on, commits and aborts" {
	letters data.bin 20000
	start_play map:0:20000 set:0:1:X ready set:0:2:Y ready get:0:2 exit:1
	T new-session -d -x 130 -y 30 "env TERM=screen '$BIGFILE' top -i 0.3 $pid"
	shows "^ *$pid play +4.0 KiB +0 "
	shows "$PWD/data.bin: 19.5 KiB, writing, 1 dirty pages"
	T send-keys c
	shows "Commit all that process $pid \\(play\\) has stored\\?  y: yes, any other key: no"
	T send-keys Enter
	shows "nothing was committed"
	shows "^ *$pid play +4.0 KiB +0 "
	[ "$(byte data.bin 1)" = a ]
	T send-keys c y
	shows "process $pid: committed"
	shows "^ *$pid play +0 bytes +1 .* (uffd|mprotect)"
	[ "$(byte data.bin 1)" = X ]
	go
	until_true 60 ready_count 2
	shows "1 dirty pages"
	T send-keys a
	shows "Roll back all that process $pid \\(play\\) has not committed"
	T send-keys n
	shows "nothing was rolled back"
	T send-keys a y
	shows "process $pid: rolled back to its last commit"
	T send-keys f
	until_true 60 not screen data.bin
	go
	wait $pid || true
	[ "$(grep -v ready out)" = a ]
	shows "none of these processes has a marked file in use"
	T send-keys q
	until_true 60 not T has-session 2>/dev/null
}
not() { ! "$@"; }

@test "top without a terminal says what to use" {
	run bigfile top </dev/null
	[ "$status" = 1 ]
	[[ "$output" == *"needs a terminal; bigfile status --json"* ]]
	run -2 bigfile top data.bin
	[[ "$output" == *"data.bin: is not the number of a process; "* ]]
}
