title="Python, numpy and mmap" packages="python3-minimal python3-numpy" files="db.txt db.map db.npy db.memmap.npy db.raw" again=no instants=rest
keeps="five files, by write(), mmap.resize(), np.save(), open_memmap() and tofile()"

fresh() { python "$TOP/tests/progs/ways.py" <<<"put 0"; }
start() { feed /usr/bin/python3 "$TOP/tests/progs/ways.py"; }
unfinished() { say "put $1"; answered "put $1"; }
put() { unfinished $1; }
durable() { put $1; say "sync $1"; answered "sync $1"; }
reread() { say look; answered "look $*"; }
fail() { say 'exit 3'; finish 3; }
content() { python "$TOP/tests/progs/ways.py" <<<print; }
