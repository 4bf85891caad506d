title="Cyrus IMAP, twoskip" packages=cyrus-common files=db.twoskip instants=records
keeps="a log of records in two skip lists: grows by writev() at its end under a read-only map, pointers in it by write(); fsync()"

tool() { /usr/lib/cyrus/bin/cyr_dbtool -C "$run_dir/conf" "$@"; }
# It becomes the user of its configuration.
fresh() {
	printf 'configdirectory: %s\nadmins: root\ncyrus_user: %s\n' "$run_dir" "$(id -un)" >"$run_dir/conf"
	transaction 0 | tool -n "$PWD/db.twoskip" twoskip batch
}
sets() { lines $1 | sed 's/^/SET /'; }
transaction() { echo BEGIN; sets $1; echo COMMIT; }
start() { feed /usr/lib/cyrus/bin/cyr_dbtool -C "$run_dir/conf" "$PWD/db.twoskip" twoskip batch; }
put() { say "$(transaction $1)" "GET batch$1-200"; answered "batch$1-200 *"; }
durable() { put $1; }
unfinished() { say BEGIN "$(sets $1)" "GET batch$1-200"; answered "batch$1-200 *"; }
# Its end would write the file anew, and rename that into place.
fail() { kill -TERM $pid; finish 143; recovered; }
# The reader mends a file that a program has not finished, a copy of it.
content() {
	cp db.twoskip "$run_dir/copied"
	tool "$run_dir/copied" twoskip show | tr '\t' ' '
}
