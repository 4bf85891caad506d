# Keeps the same lines in five files, each by another way.  Its words: put N, sync, look, print, exit STATUS.
import mmap, os, sys
import numpy as np

LINE = len("batch0-001 value-of-batch0-001\n")

def batch(n):
    return b"".join(b"batch%d-%03d value-of-batch%d-%03d\n" % (n, i, n, i) for i in range(1, 201))

def as_array(data):
    return np.frombuffer(data, f"S{LINE}")

def put(n):
    new = batch(n)
    # write() at the end, unbuffered and buffered
    with open("db.txt", "ab", buffering=0) as f: f.write(new[:3000])
    with open("db.txt", "a") as f: f.write(new[3000:].decode())
    # a map that grows
    with open("db.map", "r+b" if os.path.exists("db.map") else "w+b") as f:
        size = os.fstat(f.fileno()).st_size
        if size == 0: os.ftruncate(f.fileno(), 1)
        with mmap.mmap(f.fileno(), 0) as m:
            m.resize(size + len(new))
            m[size:] = new
            assert os.pread(f.fileno(), 100, size) == new[:100]
            assert os.fstat(f.fileno()).st_size == size + len(new)
    # a whole new array by np.save, which cuts the file; by open_memmap, which does so too
    old = load("db.npy")
    np.save("db.npy", as_array(old + new))
    m = np.lib.format.open_memmap("db.memmap.npy", mode="w+", dtype=f"S{LINE}", shape=(len(old + new) // LINE,))
    m[:] = as_array(old + new)
    del m
    # stdio inside numpy
    with open("db.raw", "ab") as f: as_array(new).tofile(f)
    with open("db.raw", "r+b") as f:
        f.seek(len(old) + 5)
        f.write(b"!")
        f.flush()
        assert np.fromfile("db.raw", "S1", offset=len(old) + 5, count=1)[0] == b"!"
        f.seek(len(old) + 5)
        f.write(new[5:6])

def load(name):
    if not os.path.exists(name): return b""
    if name.endswith(".npy"): return np.load(name).tobytes()
    if name == "db.raw": return np.fromfile(name, f"S{LINE}").tobytes()
    with open(name, "rb") as f: data = f.read()
    if name == "db.map" and data:
        with open(name, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m: assert m[:] == data
    assert os.stat(name).st_size == len(data)
    return data

def all_agree():
    data = load("db.txt")
    for name in "db.map", "db.npy", "db.memmap.npy", "db.raw":
        assert load(name) == data, name + " differs from db.txt"
    return data

def look():
    data = all_agree()
    found = [data[i + 5] - ord("0") for i in range(0, len(data), 200 * LINE)]
    assert data == b"".join(batch(n) for n in found), "a batch is not whole"
    return found

for line in sys.stdin:
    what, *n = line.split()
    if what == "put": put(int(n[0]))
    elif what == "sync":
        for name in "db.txt", "db.map", "db.npy", "db.memmap.npy", "db.raw":
            with open(name, "rb") as f: os.fsync(f.fileno())
    elif what == "look": n = look()
    elif what == "print": sys.stdout.write(all_agree().decode())
    elif what == "exit": sys.exit(int(n[0]))
    if what != "print": print(what, *n, flush=True)
