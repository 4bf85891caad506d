title="HDF5, h5py" packages=python3-h5py files=db.h5 instants=rest
keeps="chunks and their index by pwrite(), from a cache of the program's own"
hdf5_program='
import h5py, numpy as np, os, sys
f = h5py.File("db.h5", "a" if len(sys.argv) > 1 else "r+")
d = f.require_dataset("lines", (2000,), dtype="S30", chunks=(150,))
for line in sys.stdin:
    what, n = line.split()
    if what == "put":
        for i in range(1, 201): d[200 * int(n) + i - 1] = b"batch%d-%03d value-of-batch%d-%03d" % (int(n), i, int(n), i)
        f.flush()
    elif what == "exit": os._exit(int(n))
    print(what, n, flush=True)
'

fresh() { echo put 0 | python -c "$hdf5_program" new >/dev/null; }
start() { feed /usr/bin/python3 -c "$hdf5_program"; }
put() { say "put $1"; answered "put $1"; }
durable() { put $1; }
fail() { say 'exit 3'; finish 3; }
content() {
	HDF5_USE_FILE_LOCKING=FALSE python -c '
import h5py
for line in h5py.File("db.h5", "r")["lines"]:
    if line: print(line.decode())'
}
