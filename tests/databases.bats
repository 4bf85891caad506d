load helpers
load stock

@test "gdbm" { tell gdbm; }

# A new file is written and renamed over the old one.  Whatever ends it, the name has all records, by the old file or by the new.
gdbm_reorganize() {
	place
	reorganize() { bigfile run -p "$1" -- gdbmtool -q db.gdbm reorganize; }
	keys 1 | sed 's/.*/store & value-of-&/' | gdbmtool -q -n db.gdbm
	keys 2 | sed 's/.*/store & value-of-&/' | gdbmtool -q db.gdbm
	keys 2 | sed 's/.*/delete &/' | gdbmtool -q db.gdbm
	cp db.gdbm old
	BIGFILE_SYNC=defer BIGFILE_EXIT=abort reorganize "$1"
	holds 1
	cp old db.gdbm
	strace -f -qq -o "$run_dir/trace" -e inject=rename,renameat,renameat2:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$1" gdbmtool -q db.gdbm reorganize || true
	tail -1 "$run_dir/trace" | grep -q 'killed by SIGKILL'
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
@test "gdbm's reorganize, the file alone marked" { tell gdbm '' gdbm_reorganize "$PWD/db.gdbm"; }
@test "gdbm's reorganize, everything marked" { tell gdbm '' gdbm_reorganize "$PWD/"; }

@test "tdb" { tell tdb; }
@test "tdb, killed at a sync" { tell tdb '' syncs; }

tokyo_tree() {
	place
	import() { bigfile run -p "$PWD/db.tcb" -- tcbmgr importtsv db.tcb "$1" >/dev/null; }
	for n in 0 1 2; do lines $n | tr ' ' '\t' >tsv.$n; done
	tcbmgr create db.tcb
	tcbmgr importtsv db.tcb tsv.0 >/dev/null
	before=$(state)
	holds 0
	BIGFILE_EXIT=abort import tsv.1
	unchanged
	# Killed when it closes the file, all written.
	strace -qq -o "$run_dir/trace" -P "$PWD/db.tcb" -e inject=close:signal=SIGKILL:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/db.tcb" tcbmgr importtsv db.tcb tsv.1 >/dev/null 2>&1 || true
	tail -1 "$run_dir/trace" | grep -q 'killed by SIGKILL'
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
@test "Tokyo Cabinet's tree" { tell tokyo tree tokyo_tree; }

@test "LMDB, by write" { tell lmdb write; }
@test "LMDB, by map" { tell lmdb map; }
@test "LMDB, killed at a sync" { TRACKERS=uffd; tell lmdb write syncs; tell lmdb map syncs; }
