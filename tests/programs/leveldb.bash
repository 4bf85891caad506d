title="LevelDB, plyvel" packages=python3-plyvel files="db/" instants=rest
keeps="a log and sorted tables: write(); files are created, renamed and deleted"
leveldb_program='
import plyvel, os, sys
db = plyvel.DB("db", create_if_missing=True)
for line in sys.stdin:
    what, n = line.split()
    if what == "exit": os._exit(int(n))
    with db.write_batch(sync=what == "sync", transaction=True) as b:
        for i in range(1, 201): b.put(b"batch%s-%03d" % (n.encode(), i), b"value-of-batch%s-%03d" % (n.encode(), i))
    print(what, n, flush=True)
db.close()
'

fresh() { echo put 0 | python -c "$leveldb_program" >/dev/null; }
start() { feed /usr/bin/python3 -c "$leveldb_program"; }
durable() { say "sync $1"; answered "sync $1"; }
put() { say "put $1"; answered "put $1"; }
unfinished() { put $1; }
fail() { say 'exit 3'; finish 3; }
# It begins a new log whenever it starts and deletes the old one: what is in its files stays the same, not the files.
state() { content; }
content() {
	copied "$run_dir/read"
	(cd "$run_dir/read" && python -c '
import plyvel
for k, v in plyvel.DB("db"): print(k.decode(), v.decode())')
}
