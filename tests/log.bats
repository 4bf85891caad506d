load helpers

# A file with a name that needs care in every format.
odd() {
	name=$'we"ird \\ \xff\n.bin'
	letters "$name" 20000
	chmod 666 "$name"
	chmod 555 .
}
attach() { as_nobody env "$@" "$BIGFILE" run -p "$PWD/" -- "$PROGS/play" "open:$name" map:0:4096 exit:0 2>err || true; }

@test "errors as JSON: one object a line, whatever the file is called" {
	as_nobody_can_reach
	odd
	touch err
	chmod 666 err
	attach BIGFILE_LOG_FORMAT=json
	chmod 755 .
	[ "$(wc -l <err)" -ge 1 ]
	jq -e 'select(.level == "error") | .pid > 1 and (.time | . > 1700000000) and (.message | test("journal"))' err
	jq -e 'select(.level == "error") | .file | endswith("we\"ird \\ \ufffd\n.bin")' err
	attach BIGFILE_LOG_FORMAT=nonsense
	grep -q 'BIGFILE_LOG_FORMAT=nonsense is not understood' err
}

@test "errors as JSON, of the tool and about no file" {
	run env BIGFILE_LOG_FORMAT=json "$BIGFILE" commit 999999999
	[ "$status" = 3 ]
	jq -e '.level == "error" and (.message | startswith("process 999999999"))' <<<"$output"
	letters data.bin 20000
	BIGFILE_LOG=info BIGFILE_LOG_FORMAT=json bigfile run -p data.bin -- "$PROGS/play" open:data.bin map:0:4096 set:0:1:X exit:0 2>err
	jq -e 'select(.message | startswith("committed 1 files")) | has("file") | not' err
}

@test "errors as JSON, of bigfile run" {
	run -127 env BIGFILE_LOG_FORMAT=json "$BIGFILE" run -p $'no\n"where' -- ./nothing
	jq -se 'map(.level) == ["warn", "error"] and all(.pid > 1) and .[0].message == "no\n\"where: matches no file yet"' <<<"$output"
	run bigfile run --log-format=json -p data.bin -- true
	jq -e '.message == "data.bin: matches no file yet"' <<<"$output"
}

@test "lines for journald have its fields; without journald they are text" {
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "a socket in place of journald's needs root and mount namespaces"
	letters data.bin 20000
	cat >journal.py <<-'PY'
		import os, socket, subprocess, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("/run/systemd/journal/socket")
		subprocess.run(sys.argv[1:], env=dict(os.environ, BIGFILE_LOG="info", BIGFILE_LOG_FORMAT="journal"))
		s.setblocking(False)
		try:
		    while True:
		        sys.stdout.write(s.recv(65536).decode() + "--\n")
		except BlockingIOError:
		    pass
	PY
	unshare -m sh -c 'mkdir -p /run/systemd && mount -t tmpfs none /run/systemd && mkdir /run/systemd/journal && exec "$@"' sh \
		/usr/bin/python3 journal.py "$BIGFILE" run -p data.bin -- "$PROGS/play" open:data.bin map:0:4096 set:0:1:X exit:0 >entries 2>err
	grep -qx "BIGFILE_FILE=$PWD/data.bin" entries
	grep -qx "PRIORITY=6" entries
	grep -qx "SYSLOG_IDENTIFIER=bigfile" entries
	grep -q "^MESSAGE=$PWD/data.bin: attached, tracker" entries
	[ ! -s err ]
	unshare -m sh -c 'mkdir -p /run/systemd && mount -t tmpfs none /run/systemd && exec "$@"' sh \
		env BIGFILE_LOG=info BIGFILE_LOG_FORMAT=journal "$BIGFILE" run -p data.bin -- "$PROGS/play" open:data.bin map:0:4096 set:0:1:Y exit:0 2>err
	grep -q '^bigfile\[[0-9]*\]: .*data.bin: attached' err
}
