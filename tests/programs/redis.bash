title="Redis, append-only file" packages="redis-server redis-tools" files="db/" instants=rest syncs=yes
keeps="a log: write(), fdatasync(); a new one is renamed over it"

serve() { redis-server --dir "$1" --port 0 --unixsocket "$run_dir/$2" --save '' --appendonly yes --appendfsync always --loglevel warning "${@:3}"; }
ask() { redis-cli -s "$run_dir/$1" "${@:2}"; }
alive() { [ "$(ask $1 ping 2>&1)" = PONG ]; }
store() { lines $1 | sed 's/^/set /' | ask $2 | grep -cx OK | grep -qx 200; }
fresh() {
	mkdir db
	serve "$PWD/db" plain >/dev/null &
	until_true 60 alive plain
	store 0 plain
	ask plain shutdown nosave
	wait $!
}
start() {
	rm -f "$run_dir/socket"
	feed redis-server --dir "$PWD/db" --port 0 --unixsocket "$run_dir/socket" --save '' --appendonly yes --appendfsync always --loglevel warning
	until_true 60 alive socket
}
put() { store $1 socket; }
durable() { put $1; }
finish() {
	ask socket shutdown nosave
	wait $pid
	exec 7>&- 8<&-
}
state() { content; }
content() {
	local reader
	copied "$run_dir/read"
	serve "$run_dir/read/db" reader >/dev/null &
	reader=$!
	until_true 60 alive reader
	ask reader keys '*' | LC_ALL=C sort | sed 's/^/get /' >"$run_dir/gets"
	sed 's/^get //' "$run_dir/gets" | paste -d' ' - <(ask reader <"$run_dir/gets")
	ask reader shutdown nosave
	wait $reader
}
