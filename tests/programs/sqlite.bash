packages=sqlite3 files="db.sqlite db.sqlite-journal" instants=batches
variants="delete truncate persist wal delete-mapped wal-mapped"
# The -shm file is memory between processes and never marked; in WAL mode the log is data.  After an abort in mid-run the
# shared memory of WAL mode still tells of the log that was rolled back, so there a new process has to look.
mode=${variant%-mapped} mapped=0
title="SQLite, journal_mode=$mode" keeps="a B-tree: pages by pwrite(), a rollback journal"
[ "$mode" != wal ] || { files="db.sqlite db.sqlite-wal" keeps="a B-tree: pages by pwrite() to a log, moved to the file later"; }
# It commits by deleting the journal, and so does Bigfile then: files that are copied at work may be of two instants.
[ "$mode" != delete ] || instants=rest
[ "$mode" = "$variant" ] || { mapped=10000000 title+=", mapped" keeps+="; read by a shared map"; }

fresh() {
	sqlite3 db.sqlite "PRAGMA journal_mode=$mode; CREATE TABLE t(k PRIMARY KEY, v);" "$(insert 0)" >/dev/null
}
insert() {
	echo "INSERT OR REPLACE INTO t SELECT k, 'value-of-' || k FROM" \
		"(SELECT printf('batch%d-%03d', $1, value) AS k FROM generate_series(1, 200));"
}
start() {
	feed sqlite3 -bail db.sqlite
	say "PRAGMA journal_mode=$mode; PRAGMA mmap_size=$mapped; PRAGMA cache_size=4; PRAGMA temp_store=memory;"
}
durable() { say "$(insert $1)" "SELECT 'put $1';"; answered "put $1"; }
put() { durable $1; }
unfinished() { say 'BEGIN;'; put $1; }
[ "$mode" = wal ] || reread() { say "SELECT 'rows', count(*) FROM t;"; answered "rows|$(($# * 200))"; }
fail() { say '.exit 3'; finish 3; }
content() {
	rm -rf "$run_dir/db"
	mkdir "$run_dir/db"
	cp $(ls -d db.sqlite db.sqlite-wal db.sqlite-journal 2>/dev/null || true) "$run_dir/db/"
	sqlite3 "$run_dir/db/db.sqlite" 'PRAGMA integrity_check;' "SELECT k || ' ' || v FROM t ORDER BY k;" | grep -vx ok || true
}
