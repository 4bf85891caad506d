# Stock programs of several processes, all participants of one session: stock.bash tells the story of each, and here one
# of them is killed, or all.
load helpers
load stock

teardown() {
	[ -z "${pid:-}" ] || kill -9 -- "-$pid" 2>/dev/null || true
}

# one_killed BATCH...: one is killed while it writes batch 1, the others write batch 2, and the one that the answer to "lose"
# names is asked to commit; then these batches are there.
one_killed() {
	begin_story
	deferred
	say 'lose 1'
	answered 'lose 1 *'
	other=${answer##* }
	durable 2
	unchanged
	bigfile commit "$other"
	holds 0 "$@"
	before=$(state)
	say 'lose 3'
	answered 'lose 3 *'
	killed
	recovered
	unchanged
	no_journal
}

# crowd KIND HOW COMMAND...: about four processes that keep the database of the driver's together.
crowd() {
	local kind=$1 how=$2
	start() { feed /usr/bin/python3 "$BATS_TEST_DIRNAME/progs/crowd.py" $kind $how; }
	put() { say "put $1"; answered "put $1 *"; }
	durable() { say "durable $1"; answered "durable $1 *"; }
	unfinished() { say "begin $1"; answered "begin $1"; }
	reread() { say again; answered "again $(($# * 200))"; }
	fail() { say 'exit 3'; finish 3; }
	"${@:3}"
}

@test "LMDB by write, four processes" { tell lmdb write crowd lmdb-write exec story; }
@test "LMDB by map, four processes" { tell lmdb map crowd lmdb-map exec story; }
@test "LMDB by map, three forked from one" { tell lmdb map crowd lmdb-map fork story; }
@test "LMDB by write, one is killed, then all" { tell lmdb write crowd lmdb-write exec one_killed 2; }
@test "LMDB by map, one is killed, then all" { tell lmdb map crowd lmdb-map fork one_killed 2; }

@test "tdb, four processes" { tell tdb '' crowd tdb exec story; }
@test "tdb, three forked from one" { tell tdb '' crowd tdb fork story; }
@test "tdb, one is killed, then all" { tell tdb '' crowd tdb exec one_killed 2; }

@test "numpy, a multiprocessing pool" { tell numpy pool story; }
@test "numpy, multiprocessing processes" { tell numpy process story; }
@test "numpy, joblib's workers" { tell numpy joblib story; }
# What the killed one has stored stays.
@test "numpy, one process is killed, then all" { tell numpy process one_killed 1 2; }
@test "numpy, one of joblib's workers is killed, then all" { tell numpy joblib one_killed 1 2; }

@test "Cache::FastMmap, forked children" { tell fastmmap; }
@test "Cache::FastMmap, one is killed, then all" { tell fastmmap '' one_killed 1 2; }

# A worker is killed, the server forks another, and a worker is asked to commit.
worker_killed() {
	begin_story
	before=$(state)
	start
	put 1
	for part in 1 2 3; do run ! answers lose/2/$part; done
	put 3
	answers put/2/0
	reread 0 1 2 3
	unchanged
	bigfile commit "$(cut -d' ' -f1 "$run_dir/answer")"
	holds 0 1 2 3
	before=$(state)
	put 4
	killed
	recovered
	unchanged
	no_journal
}
# Its workers see that it is gone, and exit with status 0: the last one commits.
master_killed() {
	begin_story
	start
	put 1
	kill -9 $pid
	wait $pid || true
	until_true 60 all_gone
	exec 7>&- 8<&-
	holds 0 1
	no_journal
}
@test "gunicorn's workers" { tell gunicorn; }
@test "gunicorn, one worker after the other is killed, then all" { tell gunicorn '' worker_killed; }
@test "gunicorn, the master is killed" { tell gunicorn '' master_killed; }
