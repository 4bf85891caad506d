packages="python3-lmdb lmdb-utils" files=env/data.mdb instants=batches
variants="write map"
# The lock file is memory that processes share: not marked.
case $variant in
write) title="LMDB, default mode" keeps="a B+tree: pages by pwrite() under a read-only map" ;;
map) title="LMDB, MDB_WRITEMAP" keeps="a B+tree: mapped whole, msync()" ;;
esac
lmdb_program='
import lmdb, sys
def env(): return lmdb.open("env", map_size=1 << 20, writemap=sys.argv[1] == "map")
e = env()
for line in sys.stdin:
    what, *n = line.split()
    if what in ("put", "begin"):
        t = e.begin(write=True)
        for i in range(1, 201):
            k = b"batch%d-%03d" % (int(n[0]), i)
            t.put(k, b"value-of-" + k)
        if what == "put": t.commit()
    elif what == "again":
        e.close()
        e = env()
    elif what == "exit": sys.exit(int(n[0]))
    with e.begin() as r: print(what, *n, r.stat()["entries"])
'

fresh() { echo put 0 | python -c "$lmdb_program" $variant; }
start() { feed /usr/bin/python3 -c "$lmdb_program" $variant; }
durable() { say "put $1"; answered "put $1 *"; }
put() { durable $1; }
unfinished() { say "begin $1"; answered "begin $1 *"; }
reread() { say again; answered "again $(($# * 200))"; }
fail() { say 'exit 3'; finish 3; }
content() {
	mkdir -p "$run_dir/env"
	cp env/data.mdb "$run_dir/env/"
	mdb_dump -p "$run_dir/env" | sed -n 's/^ //p' | paste -d' ' - -
}
