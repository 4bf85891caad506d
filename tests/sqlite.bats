load helpers
load stock

# A log that outlived its process is moved into the database and deleted by a run that is then rolled back: what it
# held is not lost.
sqlite_log() {
	place
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
	place
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

# What SQLite has acknowledged outlives it when the last step of its transactions is a sync; the deletion of a journal is none.
sqlite_acknowledged() {
	local how mode
	for how in "delete EXTRA" "truncate FULL" "persist FULL" "wal FULL" "delete FULL"; do
		mode=${how% *}
		rm -rf ./*
		place
		files="db.sqlite db.sqlite-journal"
		[ $mode != wal ] || files="db.sqlite db.sqlite-wal"
		sqlite3 db.sqlite "PRAGMA journal_mode=$mode; CREATE TABLE t(v);" >/dev/null
		feed sqlite3 -bail db.sqlite
		say "PRAGMA journal_mode=$mode;" "PRAGMA synchronous=${how#* };" "INSERT INTO t VALUES (1);" "SELECT 'one';"
		answered one
		say "INSERT INTO t VALUES (2);" "SELECT 'two';"
		answered two
		killed
		recovered
		found=$(sqlite3 db.sqlite 'PRAGMA integrity_check; SELECT count(*) FROM t;' | paste -s)
		echo "$how: $found"
		[[ "$found" = $'ok\t'$([ "$how" = "delete FULL" ] && echo '[12]' || echo 2) ]]
	done
}

@test "SQLite, rollback journal" { tell sqlite delete; }
@test "SQLite, rollback journal, mapped" { tell sqlite delete-mapped; }
@test "SQLite, rollback journal, kept" { TRACKERS=uffd; tell sqlite persist; }
@test "SQLite, write-ahead log" { tell sqlite wal; }
@test "SQLite, write-ahead log, mapped" { tell sqlite wal-mapped; }
@test "SQLite, killed at a sync" { TRACKERS=uffd; tell sqlite delete syncs; tell sqlite wal syncs; }
@test "SQLite, what it has acknowledged, and how it ended that" { TRACKERS=uffd; tell sqlite delete sqlite_acknowledged; }
@test "SQLite, a journal in mid-transaction, commits deferred" { tell sqlite delete sqlite_deferred; }
@test "SQLite, a log that is deleted by a run that is rolled back" { tell sqlite wal sqlite_log; }
