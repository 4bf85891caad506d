title=MariaDB packages="mariadb-server-core mariadb-client-core" files="db/" instants=rest syncs=yes
keeps="InnoDB's tables and log: pread(), pwrite(), fdatasync() by threads; io_uring and libaio, which it takes by itself, are refused"
disk=256M
note="bigfile says that io_uring is refused, and MariaDB says what it does instead."

# No accounts, no network: what is needed to keep a table.
options="--no-defaults --skip-grant-tables --skip-networking --skip-log-bin --innodb-log-file-size=4M --innodb-buffer-pool-size=16M"
[ "$(id -u)" != 0 ] || options+=" --user=root"
ask() { mariadb --no-defaults -NB --socket="$1/socket" -e "$2"; }
answers() { ask "$1" "SELECT 1" >/dev/null 2>&1; }
insert() {
	echo "INSERT INTO d.t SELECT CONCAT('batch$1-', LPAD(seq, 3, 0)), CONCAT('value-of-batch$1-', LPAD(seq, 3, 0)) FROM d.seq_1_to_200" \
		"ON DUPLICATE KEY UPDATE v = VALUES(v);"
}
# plainly FOLDER SQL: by a server that ends when it has answered.
plainly() {
	local server
	mkdir -p "$run_dir/plain"
	mariadbd $options --datadir="$1" --socket="$run_dir/plain/socket" >"$run_dir/plain.log" 2>&1 &
	server=$!
	until_true 60 answers "$run_dir/plain"
	ask "$run_dir/plain" "$2"
	kill $server
	wait $server
}
fresh() {
	mkdir db
	plainly "$PWD/db" "CREATE DATABASE d; CREATE TABLE d.t(k VARCHAR(20) PRIMARY KEY, v VARCHAR(40)) ENGINE=InnoDB; $(insert 0)"
}
start() {
	feed mariadbd $options --datadir="$PWD/db" --socket="$run_dir/socket"
	until_true 60 answers "$run_dir"
}
put() { ask "$run_dir" "$(insert $1)"; }
durable() { put $1; }
finish() {
	kill $pid
	wait $pid
	exec 7>&- 8<&-
}
state() { content; }
content() {
	to_read db
	plainly "$run_dir/read" "SELECT CONCAT(k, ' ', v) FROM d.t ORDER BY k;"
}
