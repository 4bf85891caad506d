load helpers
load stock

marked() { bigfile run -p "$PWD/db.*" -- "$@"; }
same() { [ "$(sum "$1")" = "$2" ]; }

rrd() {
	rrdtool create db.rrd --step 1 --start 1000000000 DS:v:GAUGE:10:U:U RRA:AVERAGE:0.5:1:1000
	marked rrdtool update db.rrd 1000000001:5 1000000002:6
	[ "$(rrdtool lastupdate db.rrd | tail -1)" = "1000000002: 6" ]
	run ! marked rrdtool update db.rrd 1000000003:7 1000000001:5
	[ "$(rrdtool lastupdate db.rrd | tail -1)" = "1000000002: 6" ]
}
@test "rrdtool" { tell rrdtool; }
@test "rrdtool, a process for an update" { tell rrdtool '' rrd; }

numpy_program='
import numpy as np, os, sys
a = np.memmap("db.npy", dtype="i8", mode="r+")
for line in sys.stdin:
    what, *rest = line.split()
    if what == "set": a[int(rest[0])] = int(rest[1])
    elif what == "all": a[:] = int(rest[0])
    elif what == "get": pass
    elif what == "flush": a.flush()
    elif what == "exit": sys.exit(int(rest[0]))
    print(what, int(a[5]), int(a[-1]), flush=True)
'
numpy() {
	python -c 'import numpy as np; np.arange(5000, dtype="i8").tofile("db.npy")'
	before=$(sum db.npy)
	mkfifo words
	"$BIGFILE" run -p "$PWD/db.*" -- /usr/bin/python3 -c "$numpy_program" <words >out &
	pid=$!
	exec 7>words
	echo all 7 >&7
	until_true 60 grep -q '^all 7 7' out
	same db.npy "$before"
	kill -USR1 $pid
	until_true 60 python -c 'import numpy as np, sys; a = np.fromfile("db.npy", "i8"); sys.exit(not (a == 7).all())'
	committed=$(sum db.npy)
	echo set 5 99 >&7
	until_true 60 grep -q '^set 99' out
	kill -USR2 $pid
	until_true 60 eval 'echo get >&7; grep -q "^get 7 7" out'
	echo set 5 98 >&7
	until_true 60 grep -q '^set 98' out
	kill -9 $pid
	wait $pid || true
	exec 7>&-
	same db.npy "$committed"
	bigfile recover db.npy
	same db.npy "$committed"
	printf 'set 5 1\nflush\nset 5 2\nexit 1\n' | marked /usr/bin/python3 -c "$numpy_program" || true
	[ "$(python -c 'import numpy as np; print(np.fromfile("db.npy", "i8")[5])')" = 1 ]
}
@test "numpy, by signals" { tell numpy itself numpy; }

@test "gawk's persistent heap" {
	gawk --version | grep -q PMA || skip "this gawk has no persistent memory"
	tell gawk
}

tokyo() {
	tchmgr create db.tch 100
	marked tchmgr put db.tch one 1
	[ "$(tchmgr get db.tch one)" = 1 ]
	before=$(sum db.tch)
	size=$(stat -c %s db.tch)
	BIGFILE_EXIT=abort marked tchmgr put db.tch two 2
	same db.tch "$before"
	seq 1 3000 | sed 's/.*/&\t&/' >list
	# Killed at the end of an import: at the first call after the file was closed.
	strace -f -qq -o trace -e inject=exit_group:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_EXIT=abort \
		-E BIGFILE_PATHS="$PWD/db.tch" tchmgr importtsv db.tch list >/dev/null 2>&1 || true
	same db.tch "$before"
	bigfile recover db.tch
	same db.tch "$before"
	marked tchmgr importtsv db.tch list >/dev/null
	[ "$(tchmgr list db.tch | wc -l)" = 3001 ]
	[ "$(tchmgr get db.tch 2999)" = 2999 ]
	[ "$(stat -c %s db.tch)" -gt "$size" ]
	marked tchmgr optimize db.tch >/dev/null
	[ "$(tchmgr list db.tch | wc -l)" = 3001 ]
}
@test "Tokyo Cabinet" { tell tokyo hash; }
@test "Tokyo Cabinet, a process for each change" { tell tokyo hash tokyo; }
