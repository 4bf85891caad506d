# Stock programs of several processes, all participants of one session: stock.bash tells the story of each, and here one
# of them is killed, or all.
load helpers
load stock

# A program leads a process group, so that all its participants can be killed at once.
under=(setsid)
members() { pgrep -g "$pid"; }
all_gone() {
	local p
	for p in $(members); do gone "$p" || return 1; done
}
killed() {
	kill -9 -- "-$pid"
	wait $pid || true
	until_true 10 all_gone
	exec 7>&- 8<&-
	# What joblib's own janitor would have removed.
	rm -f /dev/shm/sem.loky-$pid-*
}
teardown() {
	[ -z "${pid:-}" ] || kill -9 -- "-$pid" 2>/dev/null || true
}

# one_killed BATCH...: one is killed while it writes batch 1, the others write batch 2, and the one that the answer to "lose"
# names is asked to commit; then these batches are there.
one_killed() {
	fresh
	before=$(state)
	export BIGFILE_SYNC=defer
	start
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
	unset BIGFILE_SYNC
	no_journal
}

crowd() {
	start() { feed /usr/bin/python3 "$BATS_TEST_DIRNAME/progs/crowd.py" $kind $how; }
	put() { say "put $1"; answered "put $1 *"; }
	durable() { say "durable $1"; answered "durable $1 *"; }
	unfinished() { say "begin $1"; answered "begin $1"; }
	reread() { say again; answered "again $(($# * 200))"; }
	fail() { say 'exit 3'; finish 3; }
	"$@"
}

lmdb() {
	kind=lmdb-$1 how=$2 files=env/data.mdb
	fresh() {
		mkdir -p env
		lines 0 | tr ' ' '\n' | mdb_load -T env
	}
	content() {
		mkdir -p copy
		cp env/data.mdb copy/
		mdb_dump -p copy | sed -n 's/^ //p' | paste -d' ' - -
	}
	crowd "${@:3}"
}
needs_lmdb() {
	needs mdb_dump
	needs_module lmdb python3-lmdb
}
@test "LMDB by write, four processes" { needs_lmdb; each_tracker lmdb write exec story; }
@test "LMDB by map, four processes" { needs_lmdb; each_tracker lmdb map exec story; }
@test "LMDB by map, three forked from one" { needs_lmdb; each_tracker lmdb map fork story; }
@test "LMDB by write, one is killed, then all" { needs_lmdb; each_tracker lmdb write exec one_killed 2; }
@test "LMDB by map, one is killed, then all" { needs_lmdb; each_tracker lmdb map fork one_killed 2; }

tdb() {
	kind=tdb how=$1 files=db.tdb
	fresh() { (echo create db.tdb; keys 0 | sed 's/.*/insert & value-of-&/') | tdbtool >/dev/null; }
	content() {
		echo check | tdbtool db.tdb | grep -o 'integrity.*' | grep -v 'is OK' || true
		tdbdump db.tdb | sed -n 's/^key(.*) = "\(.*\)"/\1/p; s/^data(.*) = "\(.*\)"/\1/p' | paste -d' ' - - | LC_ALL=C sort
	}
	crowd "${@:2}"
}
needs_tdb() {
	needs tdbtool
	needs_module tdb python3-tdb
}
@test "tdb, four processes" { needs_tdb; each_tracker tdb exec story; }
@test "tdb, three forked from one" { needs_tdb; each_tracker tdb fork story; }
@test "tdb, one is killed, then all" { needs_tdb; each_tracker tdb exec one_killed 2; }

workers() {
	how=$1 files=db.npy
	export JOBLIB_TEMP_FOLDER=$PWD
	fresh() {
		lines 0 >db.npy
		truncate -s $((10 * 200 * 31)) db.npy
	}
	start() { feed /usr/bin/python3 "$BATS_TEST_DIRNAME/progs/workers.py" $how; }
	put() { say "put $1"; answered "put $1 *"; }
	durable() { say "durable $1"; answered "durable $1 *"; }
	unfinished() { put "$1"; }
	reread() { say look; answered "look $* *"; }
	fail() { say 'exit 3'; finish 3; }
	content() { tr -d '\0' <db.npy; }
	"${@:2}"
}
needs_numpy() { needs_module numpy python3-numpy; }
needs_joblib() {
	needs_numpy
	needs_module joblib python3-joblib
}
@test "numpy, a multiprocessing pool" { needs_numpy; each_tracker workers pool story; }
@test "numpy, multiprocessing processes" { needs_numpy; each_tracker workers process story; }
@test "numpy, joblib's workers" { needs_joblib; each_tracker workers joblib story; }
# What the killed one has stored stays.
@test "numpy, one process is killed, then all" { needs_numpy; each_tracker workers process one_killed 1 2; }
@test "numpy, one of joblib's workers is killed, then all" { needs_joblib; each_tracker workers joblib one_killed 1 2; }

# It never syncs: what is committed is what others ask for.
fastmmap() {
	local program=$BATS_TEST_DIRNAME/progs/fastmmap.pl
	files=db.fm
	fresh() {
		rm -f db.fm
		perl -MCache::FastMmap -e 'my $c = Cache::FastMmap->new(share_file => "db.fm", init_file => 1, unlink_on_exit => 0,
			serializer => "", page_size => 65536, num_pages => 5, expire_time => 0);
			for (1 .. 200) { my $k = sprintf "batch0-%03d", $_; $c->set($k, "value-of-$k") }'
	}
	start() { feed perl "$program"; }
	put() { say "put $1"; answered "put $1"; }
	durable() { put "$1"; }
	reread() { say look; answered "look $*"; }
	fail() { say 'exit 3'; finish 3; }
	content() { perl "$program" print; }
	"$@"
}
fastmmap_story() {
	fresh
	before=$(state)
	holds 0
	not_committed
	committed
	rolled_back
	no_journal
}
needs_fastmmap() { perl -MCache::FastMmap -e 1 2>/dev/null || skip "libcache-fastmmap-perl is not installed"; }
@test "Cache::FastMmap, forked children" { needs_fastmmap; each_tracker fastmmap fastmmap_story; }
@test "Cache::FastMmap, one is killed, then all" { needs_fastmmap; each_tracker fastmmap one_killed 1 2; }

# It reopens its logs at SIGUSR1 and starts itself anew at SIGUSR2: `bigfile commit` and `bigfile abort` ask it.
shop() { curl -s --max-time 20 --unix-socket "$PWD/socket" "http://shop/$1"; }
answers() { shop "$1" >answer; }
gunicorn_server() {
	files=db.txt
	fresh() {
		lines 0 >db.txt
		truncate -s $((10 * 200 * 31)) db.txt
	}
	start() {
		rm -f socket
		feed gunicorn --preload --workers 4 --timeout 6 --bind "unix:$PWD/socket" --worker-tmp-dir "$PWD" \
			--pythonpath "$BATS_TEST_DIRNAME/progs" shop:app
		until_true 20 answers look
	}
	put() { for part in 0 1 2 3; do answers "put/$1/$part"; done; }
	durable() { put "$1"; }
	reread() {
		answers look
		grep -q "look $*\$" answer
	}
	content() { tr -d '\0' <db.txt; }
	# It ends its workers, then itself, with status 0.
	finish() {
		local status=0
		kill -TERM $pid
		wait $pid || status=$?
		exec 7>&- 8<&-
		[ $status = "${1:-0}" ]
		until_true 10 all_gone
	}
	"$@"
}
gunicorn_story() {
	fresh
	before=$(state)
	not_committed
	committed
	rolled_back
	no_journal
}
# A worker is killed, the server forks another, and a worker is asked to commit.
worker_killed() {
	fresh
	before=$(state)
	start
	put 1
	for part in 1 2 3; do run ! answers lose/2/$part; done
	put 3
	answers put/2/0
	reread 0 1 2 3
	unchanged
	bigfile commit "$(cut -d' ' -f1 answer)"
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
	fresh
	start
	put 1
	kill -9 $pid
	wait $pid || true
	until_true 20 all_gone
	exec 7>&- 8<&-
	holds 0 1
	no_journal
}
@test "gunicorn's workers" { needs gunicorn; each_tracker gunicorn_server gunicorn_story; }
@test "gunicorn, one worker after the other is killed, then all" { needs gunicorn; each_tracker gunicorn_server worker_killed; }
@test "gunicorn, the master is killed" { needs gunicorn; each_tracker gunicorn_server master_killed; }
