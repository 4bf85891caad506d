load helpers
load stock

# The -shm file is memory between processes and never marked; in WAL mode the log is data.  After an abort in mid-run the
# shared memory of WAL mode still tells of the log that was rolled back, so there a new process has to look.
sqlite() {
	local mode=$1 mapped=$2
	files="db.sqlite"
	[ $mode = delete ] || files="db.sqlite db.sqlite-wal"
	begun="PRAGMA mmap_size=$mapped; PRAGMA cache_size=4; PRAGMA temp_store=memory;"
	fresh() {
		sqlite3 db.sqlite "PRAGMA journal_mode=$mode; CREATE TABLE t(k PRIMARY KEY, v);" "$(insert 0)" >/dev/null
	}
	insert() {
		echo "INSERT INTO t SELECT k, 'value-of-' || k FROM" \
			"(SELECT printf('batch%d-%03d', $1, value) AS k FROM generate_series(1, 200));"
	}
	start() { feed sqlite3 -bail db.sqlite; say "$begun"; }
	durable() { say "$(insert $1)" "SELECT 'put $1';"; answered "put $1"; }
	put() { durable $1; }
	unfinished() { say 'BEGIN;'; put $1; }
	[ $mode = wal ] || reread() { say "SELECT 'rows', count(*) FROM t;"; answered "rows|$(($# * 200))"; }
	fail() { say '.exit 3'; finish 3; }
	content() {
		rm -rf copy
		mkdir copy
		cp $(ls -d db.sqlite db.sqlite-wal db.sqlite-journal 2>/dev/null) copy/
		sqlite3 copy/db.sqlite 'PRAGMA integrity_check;' "SELECT k || ' ' || v FROM t ORDER BY k;" | grep -vx ok || true
	}
	${3:-story}
}
# A log that outlived its process is moved into the database and deleted by a run that is then rolled back: what it
# held is not lost.
sqlite_log() {
	files="db.sqlite db.sqlite-wal"
	sqlite3 db.sqlite 'PRAGMA journal_mode=wal; CREATE TABLE t(v);' >/dev/null
	feed sqlite3 -bail db.sqlite
	say "INSERT INTO t VALUES ('kept');" "SELECT 'done';"
	answered 'done'
	killed
	recovered
	[ -s db.sqlite-wal ]
	BIGFILE_SYNC=defer BIGFILE_EXIT=abort bigfile run -p "$PWD/db.sqlite" -p "$PWD/db.sqlite-wal" -- \
		sqlite3 db.sqlite "INSERT INTO t VALUES ('more');"
	[ "$(sqlite3 db.sqlite 'PRAGMA integrity_check; SELECT v FROM t LIMIT 1;')" = "ok
kept" ]
}

# A transaction of SQLite that is under way after another that is held back: its journal tells how to undo it from there.  So
# where commits are deferred the journal must be in the transaction too, or what it undoes never happened to the file.
sqlite_deferred() {
	files="db.sqlite db.sqlite-journal"
	sqlite3 db.sqlite "CREATE TABLE t(k PRIMARY KEY, v);
		INSERT INTO t SELECT value, hex(randomblob(100)) FROM generate_series(1, 1000);"
	before=$(state)
	export BIGFILE_SYNC=defer
	feed sqlite3 -bail db.sqlite
	say 'PRAGMA cache_size=4;' "UPDATE t SET v='held' WHERE k % 3 = 0;" 'DELETE FROM t WHERE k > 700;'
	say 'BEGIN;' 'UPDATE t SET v=hex(randomblob(120));' "SELECT 'done';"
	answered done
	killed
	recovered
	unchanged
	unset BIGFILE_SYNC
	[ "$(sqlite3 db.sqlite 'PRAGMA integrity_check; SELECT count(*) FROM t;')" = "ok
1000" ]
}

@test "SQLite, rollback journal" { needs sqlite3; each_tracker sqlite delete 0; }
@test "SQLite, rollback journal, mapped" { needs sqlite3; each_tracker sqlite delete 10000000; }
@test "SQLite, write-ahead log" { needs sqlite3; each_tracker sqlite wal 0; }
@test "SQLite, write-ahead log, mapped" { needs sqlite3; each_tracker sqlite wal 10000000; }
@test "SQLite, killed at a sync" { needs sqlite3; sqlite delete 0 syncs; sqlite wal 0 syncs; }
@test "SQLite, a journal in mid-transaction, commits deferred" { needs sqlite3; each_tracker sqlite_deferred; }
@test "SQLite, a log that is deleted by a run that is rolled back" { needs sqlite3; each_tracker sqlite_log; }
