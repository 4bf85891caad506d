title="Python, shelve and dbm.gnu" packages="python3-gdbm" files=db.shelf instants=rest
keeps="pickled objects in gdbm's hash table"
shelve_program='
import dbm.gnu, shelve, sys
s = shelve.Shelf(dbm.gnu.open("db.shelf", "c"))
for line in sys.stdin:
    what, n = line.split()
    if what == "put":
        for i in range(1, 201): s["batch%d-%03d" % (int(n), i)] = ["value-of-batch%d-%03d" % (int(n), i)]
    elif what == "sync": s.sync()
    elif what == "exit": sys.exit(int(n))
    print(what, n, flush=True)
'

fresh() { echo put 0 | python -c "$shelve_program" >/dev/null; }
start() { feed /usr/bin/python3 -c "$shelve_program"; }
unfinished() { say "put $1"; answered "put $1"; }
put() { unfinished $1; }
durable() { put $1; say "sync $1"; answered "sync $1"; }
fail() { say 'exit 3'; finish 3; }
content() {
	python -c '
import dbm.gnu, shelve
s = shelve.Shelf(dbm.gnu.open("db.shelf", "r"))
for k in sorted(s): print(k, s[k][0])'
}
