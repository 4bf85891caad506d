load helpers
load stock

gdbm() {
	files=db.gdbm
	fresh() { keys 0 | sed 's/.*/store & value-of-&/' | gdbmtool -q -n db.gdbm; }
	start() { feed gdbmtool -q db.gdbm; }
	put() {
		say "$(keys $1 | sed 's/.*/store & value-of-&/')" "fetch batch$1-200"
		answered "value-of-batch$1-200"
	}
	unfinished() { put $1; }
	durable() { put $1; say sync "fetch batch$1-007"; answered "value-of-batch$1-007"; }
	reread() {
		say close 'open db.gdbm' count
		answered "There are $(($# * 200)) items*"
	}
	content() { gdbmtool -q -r -l db.gdbm list | LC_ALL=C sort; }
	story
}
@test "gdbm" { needs gdbmtool; each_tracker gdbm; }

# A new file is written and renamed over the old one.  Whatever ends it, the name has all records, by the old file or by the new.
gdbm_reorganize() {
	files=db.gdbm
	content() { gdbmtool -q -r -l db.gdbm list | LC_ALL=C sort; }
	reorganize() { bigfile run -p "$1" -- gdbmtool -q db.gdbm reorganize; }
	keys 1 | sed 's/.*/store & value-of-&/' | gdbmtool -q -n db.gdbm
	keys 2 | sed 's/.*/store & value-of-&/' | gdbmtool -q db.gdbm
	keys 2 | sed 's/.*/delete &/' | gdbmtool -q db.gdbm
	cp db.gdbm old
	BIGFILE_SYNC=defer BIGFILE_EXIT=abort reorganize "$1"
	holds 1
	cp old db.gdbm
	strace -f -qq -o trace -e inject=rename,renameat,renameat2:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$1" gdbmtool -q db.gdbm reorganize || true
	tail -1 trace | grep -q 'killed by SIGKILL'
	bigfile recover db.gdbm
	holds 1
	# The new file that was under way is nobody's now, and so is its journal.
	rm -f db.gdbm.*
	cp old db.gdbm
	before=$(state)
	reorganize "$1"
	run ! unchanged
	holds 1
	no_journal
}
@test "gdbm's reorganize, the file alone marked" { needs gdbmtool; each_tracker gdbm_reorganize "$PWD/db.gdbm"; }
@test "gdbm's reorganize, everything marked" { needs gdbmtool; each_tracker gdbm_reorganize "$PWD/"; }

tdb() {
	files=db.tdb
	fresh() { (echo create db.tdb; keys 0 | sed 's/.*/insert & value-of-&/') | tdbtool >/dev/null; }
	start() { feed tdbtool db.tdb; }
	put() {
		say "$(keys $1 | sed 's/.*/insert & value-of-&/')" "show batch$1-200"
		answered "batch$1-200"
	}
	unfinished() { put $1; }
	durable() {
		say transaction_start
		put $1
		say transaction_commit "show batch$1-007"
		answered "batch$1-007"
	}
	reread() {
		say 'open db.tdb' check
		answered "*integrity is OK and has $(($# * 200)) records*"
	}
	content() {
		echo check | tdbtool db.tdb | grep -o 'integrity.*' | grep -v 'is OK' || true
		tdbdump db.tdb | sed -n 's/^key(.*) = "\(.*\)"/\1/p; s/^data(.*) = "\(.*\)"/\1/p' | paste -d' ' - - | LC_ALL=C sort
	}
	${1:-story}
}
@test "tdb" { needs tdbtool; each_tracker tdb; }
@test "tdb, killed at a sync" { needs tdbtool; tdb syncs; }

tokyo_tree() {
	content() { tcbmgr list -pv db.tcb | tr '\t' ' '; }
	import() { bigfile run -p "$PWD/db.tcb" -- tcbmgr importtsv db.tcb "$1" >/dev/null; }
	files=db.tcb
	for n in 0 1 2; do lines $n | tr ' ' '\t' >tsv.$n; done
	tcbmgr create db.tcb
	tcbmgr importtsv db.tcb tsv.0 >/dev/null
	before=$(state)
	holds 0
	BIGFILE_EXIT=abort import tsv.1
	unchanged
	# Killed when it closes the file, all written.
	strace -qq -o trace -P "$PWD/db.tcb" -e inject=close:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/db.tcb" tcbmgr importtsv db.tcb tsv.1 >/dev/null 2>&1 || true
	tail -1 trace | grep -q 'killed by SIGKILL'
	unchanged
	recovered
	unchanged
	import tsv.1
	holds 0 1
	import tsv.2
	holds 0 1 2
	cp db.tcb old
	# A new file that is renamed over the old one: with that marked too, rolled back, then committed.
	for mark in db.tcb ''; do
		cp old db.tcb
		BIGFILE_EXIT=abort bigfile run -p "$PWD/$mark" -- tcbmgr optimize db.tcb
		holds 0 1 2
		cp old db.tcb
		bigfile run -p "$PWD/$mark" -- tcbmgr optimize db.tcb
		holds 0 1 2
	done
	no_journal
}
@test "Tokyo Cabinet's tree" { needs tcbmgr; each_tracker tokyo_tree; }

# Pages by write() under a read-only map, or by stores.  The lock file is memory that processes share: not marked.
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
lmdb() {
	local mode=$1
	files=env/data.mdb
	fresh() { echo put 0 | python -c "$lmdb_program" $mode; }
	start() { feed /usr/bin/python3 -c "$lmdb_program" $mode; }
	durable() { say "put $1"; answered "put $1 *"; }
	put() { durable $1; }
	unfinished() { say "begin $1"; answered "begin $1 *"; }
	reread() { say again; answered "again $(($# * 200))"; }
	fail() { say 'exit 3'; finish 3; }
	content() {
		mkdir -p copy
		cp env/data.mdb copy/
		mdb_dump -p copy | sed -n 's/^ //p' | paste -d' ' - -
	}
	${2:-story}
}
needs_lmdb() {
	needs mdb_dump
	needs_module lmdb python3-lmdb
}
@test "LMDB, by write" { needs_lmdb; each_tracker lmdb write; }
@test "LMDB, by map" { needs_lmdb; each_tracker lmdb map; }
@test "LMDB, killed at a sync" { needs_lmdb; lmdb write syncs; lmdb map syncs; }
