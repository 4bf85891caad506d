title="QDBM" packages=qdbm-util files=db instants=rest
keeps="a hash table: header and buckets mapped, records by write()"

fresh() { lines 0 | tr ' ' '\t' | dptsv import db; }
start() { feed dptsv import db; }
put() {
	say "$(lines $1 | tr ' ' '\t')"
	swallowed
}
durable() { put $1; }
# The file of a program that was killed has to be repaired: a copy of it.
content() {
	cp db "$run_dir/db"
	dpmgr repair "$run_dir/db" 2>/dev/null
	dptsv export "$run_dir/db" | tr '\t' ' ' | LC_ALL=C sort
}
