title=PostgreSQL packages="postgresql-15" files="db/" instants=rest syncs=yes
keeps="tables and a log of 1 MiB files: pread(), pwrite(), fdatasync(), by a process for each client and five of its own"
disk=256M limit=300
note="Its checkpoints rename a file over a marked one, and so commit all that is in the transaction."

folders="pg_commit_ts pg_dynshmem pg_notify pg_replslot pg_serial pg_snapshots pg_stat pg_stat_tmp pg_tblspc pg_twophase
	pg_logical/snapshots pg_logical/mappings pg_wal/archive_status"
bin=/usr/lib/postgresql/15/bin options="-c listen_addresses= -c autovacuum=off"
# It refuses to run as root.
as=($([ "$(id -u)" != 0 ] || echo setpriv --reuid 65534 --regid 65534 --clear-groups))
bigfile() { "${as[@]}" "$BIGFILE" "$@"; }
ask() { "$bin/psql" -qAt -h "$1" -U pg postgres -c "$2"; }
insert() {
	echo "INSERT INTO t SELECT k, 'value-of-' || k FROM (SELECT 'batch$1-' || to_char(g, 'FM000') AS k FROM generate_series(1, 200) g) s" \
		"ON CONFLICT (k) DO UPDATE SET v = excluded.v;"
}
# plainly FOLDER SQL: by a server that ends when it has answered.
plainly() {
	mkdir -p "$run_dir/plain"
	[ "$(id -u)" != 0 ] || chown 65534 "$run_dir/plain"
	"${as[@]}" "$bin/postgres" -D "$1" -k "$run_dir/plain" $options -c fsync=off >"$run_dir/plain.log" 2>&1 &
	local server=$!
	until_true 60 answers "$run_dir/plain"
	ask "$run_dir/plain" "$2"
	kill -INT $server
	wait $server
}
answers() { ask "$1" "SELECT 1" >/dev/null 2>&1; }
fresh() {
	mkdir db
	[ "$(id -u)" != 0 ] || chown 65534 db "$run_dir"
	"${as[@]}" "$bin/initdb" -D "$PWD/db" -U pg -A trust --no-sync --wal-segsize=1 >/dev/null 2>&1
	plainly "$PWD/db" "CREATE TABLE t(k text PRIMARY KEY, v text); $(insert 0)"
}
start() {
	under=("${as[@]}")
	feed "$bin/postgres" -D "$PWD/db" -k "$run_dir" $options
	until_true 60 answers "$run_dir"
}
put() { ask "$run_dir" "$(insert $1)"; }
durable() { put $1; }
# A checkpoint at its end would commit: when it is to fail, it ends without one.
finish() {
	kill -$([ $scenario = failure ] && echo QUIT || echo INT) $pid
	wait $pid
	exec 7>&- 8<&-
}
# Its processes are groups of their own.
killed() {
	local all="$pid $(pgrep -P $pid)" p
	kill -9 $all
	wait $pid 2>/dev/null || true
	for p in $all; do until_true 60 gone $p; done
	exec 7>&- 8<&-
}
state() { content; }
# With the empty folders that it wants to find.
content() {
	to_read db
	rm -f "$run_dir/read/postmaster.pid"
	(cd "$run_dir/read" && mkdir -p $folders && [ ${#as[@]} = 0 ] || chown -R 65534 "$run_dir/read")
	plainly "$run_dir/read" "SELECT k || ' ' || v FROM t ORDER BY k;"
}
