title="LMDB, mdb_load" packages=lmdb-utils files=env/data.mdb instants=records
keeps="a B+tree: pages by pwrite() under a read-only map, a transaction for each 100 records"

fresh() {
	mkdir env
	lines 0 | tr ' ' '\n' | mdb_load -T env
}
start() { feed mdb_load -T env; }
durable() {
	say "$(lines $1 | tr ' ' '\n')"
	swallowed
}
put() { durable $1; }
unfinished() {
	say "$(lines $1 | head -50 | tr ' ' '\n')"
	swallowed
}
fail() { say 'a key without a value'; finish 1; }
content() {
	mkdir -p "$run_dir/env"
	cp env/data.mdb "$run_dir/env/"
	mdb_dump -p "$run_dir/env" | sed -n 's/^ //p' | paste -d' ' - -
}
