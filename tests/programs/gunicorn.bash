title=gunicorn packages="gunicorn curl" files=db.txt
keeps="one array, mapped before four workers are forked; it reopens its logs at SIGUSR1 and starts itself anew at SIGUSR2"

shop() { curl -s --max-time 60 --unix-socket "$run_dir/socket" "http://shop/$1"; }
answers() { shop "$1" >"$run_dir/answer"; }
fresh() {
	lines 0 >db.txt
	truncate -s $((10 * 200 * 31)) db.txt
}
start() {
	rm -f "$run_dir/socket"
	feed gunicorn --preload --workers 4 --timeout 10 --bind "unix:$run_dir/socket" --worker-tmp-dir "$run_dir" \
		--pythonpath "$TOP/tests/progs" shop:app
	until_true 60 answers look
}
put() { for part in 0 1 2 3; do answers "put/$1/$part"; done; }
durable() { put "$1"; }
reread() {
	answers look
	grep -q "look $*\$" "$run_dir/answer"
}
content() { tr -d '\0' <db.txt; }
# It ends its workers, then itself, with status 0.
finish() {
	local status=0
	kill -TERM $pid
	wait $pid || status=$?
	exec 7>&- 8<&-
	[ $status = "${1:-0}" ]
	until_true 60 all_gone
}
