title="Xapian" packages=python3-xapian files="db/" instants=rest syncs=yes own=yes
keeps="B-trees: pages by pwrite(), fdatasync(), then a file of versions renamed over the old one"
note="Each commit() renames a file over db/iamglass, and all that is in the transaction is committed before that: it commits at once, also with BIGFILE_SYNC=defer."
xapian_program='
import os, sys, xapian
db = xapian.WritableDatabase("db", xapian.DB_CREATE_OR_OPEN)
for line in sys.stdin:
    what, n = line.split()
    if what == "put":
        for i in range(1, 201):
            key = "batch%s-%03d" % (n, i)
            doc = xapian.Document()
            doc.set_data(key + " value-of-" + key)
            doc.add_term("Q" + key)
            db.replace_document("Q" + key, doc)
        db.commit()
    elif what == "exit": os._exit(int(n))
    print(what, n, flush=True)
'

fresh() { echo put 0 | python -c "$xapian_program" >/dev/null; }
start() { feed /usr/bin/python3 -c "$xapian_program"; }
put() { say "put $1"; answered "put $1"; }
durable() { put $1; }
fail() { say 'exit 3'; finish 3; }
content() {
	python -c '
import xapian
db = xapian.Database("db")
for t in db.allterms("Qbatch"):
    for p in db.postlist(t.term): print(db.get_document(p.docid).get_data().decode())'
}
