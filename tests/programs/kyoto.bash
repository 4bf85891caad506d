title="Kyoto Cabinet, hash" packages=kyotocabinet-utils files=db.kch instants=rest
keeps="a hash table: 64 MiB mapped over a shorter file that grows and is cut; stores, pwrite()"

fresh() {
	kchashmgr create db.kch
	lines 0 | tr ' ' '\t' | kchashmgr import db.kch >/dev/null
}
start() { feed kchashmgr import db.kch; }
put() {
	say "$(lines $1 | tr ' ' '\t')"
	swallowed
}
durable() { put $1; }
# The file of a program that was killed is repaired when it is opened: a copy of it.
content() {
	cp db.kch "$run_dir/db.kch"
	kchashmgr list -pv "$run_dir/db.kch" | tr '\t' ' ' | LC_ALL=C sort
}
