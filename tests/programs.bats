load helpers

needs() { command -v "$1" >/dev/null || skip "$1 is not installed"; }
python() { /usr/bin/python3 "$@"; }

marked() { bigfile run -p "$PWD/db.*" -- "$@"; }
unchanged() { [ "$(sum "$1")" = "$2" ]; }

rrd() {
	rrdtool create db.rrd --step 1 --start 1000000000 DS:v:GAUGE:10:U:U RRA:AVERAGE:0.5:1:1000
	marked rrdtool update db.rrd 1000000001:5 1000000002:6
	[ "$(rrdtool lastupdate db.rrd | tail -1)" = "1000000002: 6" ]
	before=$(sum db.rrd)
	# A load of many updates in one process, killed half way: nothing is mapped or open between two of them.
	mkfifo load
	"$BIGFILE" run -p "$PWD/db.*" -- rrdtool - <load >out &
	pid=$!
	exec 7>load
	for i in $(seq 3 60); do echo "update db.rrd $((1000000000 + i)):$i" >&7; done
	until_true 10 eval '[ "$(grep -c ^OK out)" = 58 ]'
	kill -9 $pid
	wait $pid || true
	exec 7>&-
	unchanged db.rrd "$before"
	bigfile recover db.rrd
	unchanged db.rrd "$before"
	# Committed half way, then killed.
	"$BIGFILE" run -p "$PWD/db.*" -- rrdtool - <load >out &
	pid=$!
	exec 7>load
	for i in $(seq 3 30); do echo "update db.rrd $((1000000000 + i)):$i" >&7; done
	until_true 10 eval '[ "$(grep -c ^OK out)" = 28 ]'
	bigfile commit $pid
	echo "update db.rrd 1000000031:99" >&7
	until_true 10 eval '[ "$(grep -c ^OK out)" = 29 ]'
	kill -9 $pid
	wait $pid || true
	exec 7>&-
	[ "$(rrdtool lastupdate db.rrd | tail -1)" = "1000000030: 30" ]
	bigfile recover db.rrd
	[ "$(rrdtool lastupdate db.rrd | tail -1)" = "1000000030: 30" ]
}
@test "rrdtool" { needs rrdtool; each_tracker rrd; }

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
	until_true 20 grep -q '^all 7 7' out
	unchanged db.npy "$before"
	kill -USR1 $pid
	until_true 10 python -c 'import numpy as np, sys; a = np.fromfile("db.npy", "i8"); sys.exit(not (a == 7).all())'
	committed=$(sum db.npy)
	echo set 5 99 >&7
	until_true 10 grep -q '^set 99' out
	kill -USR2 $pid
	until_true 10 eval 'echo get >&7; grep -q "^get 7 7" out'
	echo set 5 98 >&7
	until_true 10 grep -q '^set 98' out
	kill -9 $pid
	wait $pid || true
	exec 7>&-
	unchanged db.npy "$committed"
	bigfile recover db.npy
	unchanged db.npy "$committed"
	printf 'set 5 1\nflush\nset 5 2\nexit 1\n' | marked /usr/bin/python3 -c "$numpy_program" || true
	[ "$(python -c 'import numpy as np; print(np.fromfile("db.npy", "i8")[5])')" = 1 ]
}
@test "numpy" { python -c 'import numpy' || skip "python3-numpy is not installed"; each_tracker numpy; }

gawk_heap() {
	truncate -s 64M db.pma
	chmod 600 db.pma
	export GAWK_PERSIST_FILE=db.pma
	marked gawk 'BEGIN { n = 41; for (i = 0; i < 20000; i++) a[i] = "value " i }'
	[ "$(gawk 'BEGIN { print n, length(a), a[19999] }')" = "41 20000 value 19999" ]
	before=$(sum db.pma)
	run marked gawk 'BEGIN { n = 0; delete a; exit 1 }'
	[ "$status" = 1 ]
	unchanged db.pma "$before"
	mkfifo words
	"$BIGFILE" run -p "$PWD/db.*" -- gawk '{ n += $1; print n; fflush() }' <words >out &
	pid=$!
	exec 7>words
	echo 1 >&7
	until_true 10 grep -q 42 out
	bigfile commit $pid
	echo 1000 >&7
	until_true 10 grep -q 1042 out
	kill -9 $pid
	wait $pid || true
	exec 7>&-
	bigfile recover db.pma
	[ "$(gawk 'BEGIN { print n, length(a) }')" = "42 20000" ]
	unset GAWK_PERSIST_FILE
}
@test "gawk's persistent heap" {
	needs gawk
	gawk --version | grep -q PMA || skip "this gawk has no persistent memory"
	each_tracker gawk_heap
}

tokyo() {
	tchmgr create db.tch 100
	marked tchmgr put db.tch one 1
	[ "$(tchmgr get db.tch one)" = 1 ]
	before=$(sum db.tch)
	size=$(stat -c %s db.tch)
	BIGFILE_EXIT=abort marked tchmgr put db.tch two 2
	unchanged db.tch "$before"
	seq 1 3000 | sed 's/.*/&\t&/' >list
	# Killed at the end of an import: at the first call after the file was closed.
	strace -f -qq -o trace -e inject=exit_group:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" -E BIGFILE_EXIT=abort \
		-E BIGFILE_PATHS="$PWD/db.tch" tchmgr importtsv db.tch list >/dev/null 2>&1 || true
	unchanged db.tch "$before"
	bigfile recover db.tch
	unchanged db.tch "$before"
	marked tchmgr importtsv db.tch list >/dev/null
	[ "$(tchmgr list db.tch | wc -l)" = 3001 ]
	[ "$(tchmgr get db.tch 2999)" = 2999 ]
	[ "$(stat -c %s db.tch)" -gt "$size" ]
	marked tchmgr optimize db.tch >/dev/null
	[ "$(tchmgr list db.tch | wc -l)" = 3001 ]
}
@test "Tokyo Cabinet" { needs tchmgr; each_tracker tokyo; }
