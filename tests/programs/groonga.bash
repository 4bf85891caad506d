title=groonga packages=groonga-bin files="db.grn*" instants=rest syncs=yes
keeps="ten files and more: windows of each, mapped one by one; new files as it grows"

fresh() {
	groonga --log-path "$run_dir/log" -n db.grn table_create T TABLE_HASH_KEY ShortText >/dev/null
	groonga --log-path "$run_dir/log" db.grn column_create T v COLUMN_SCALAR ShortText >/dev/null
	batch 0 | groonga --log-path "$run_dir/log" db.grn >/dev/null
}
batch() { printf "load --table T --values '[%s]'\n" "$(lines $1 | sed 's/\(.*\) \(.*\)/{"_key":"\1","v":"\2"}/' | paste -sd,)"; }
start() { feed groonga --log-path "$run_dir/log" db.grn; }
# It ends each load with an msync() by itself.
put() { say "$(batch $1)"; answered '*,200]'; }
durable() { put $1; say io_flush; answered '*,true]'; }
content() {
	groonga --log-path "$run_dir/log" db.grn dump --dump_plugins no --dump_schema no | sed -n 's/^\["\(batch.*\)","\(.*\)"\],*$/\1 \2/p' | LC_ALL=C sort
}
