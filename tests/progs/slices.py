# Keeps ten numbers in db.npy and looks at them twice: a is A[0:5], b is A[3:10].  How, says its argument:
#	memmap		two maps that overlap
#	addresses	two ranges of addresses were reserved, and the whole file is mapped over both by MAP_FIXED
#	child		as memmap, but b is looked at and stored to by a forked child, which maps it after the fork
#	inherited	the same, but b was mapped before
# Its words: set a|b I VALUE, look, exit STATUS.  It answers with what a and b hold.
import ctypes, mmap, os, sys
import numpy as np

A, B = slice(0, 5), slice(3, 10)

def part(s):
    return np.memmap("db.npy", dtype="i8", mode="r+", offset=8 * s.start, shape=(s.stop - s.start,))

def at_address(s):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long
    reserved = libc.mmap(None, 1 << 20, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    wanted = reserved + 0x10000
    f = os.open("db.npy", os.O_RDWR)
    at = libc.mmap(wanted, 80, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED | 0x10, f, 0)
    assert at == wanted, os.strerror(ctypes.get_errno())
    os.close(f)
    return np.frombuffer((ctypes.c_int64 * 10).from_address(at), dtype="i8")[s]

def in_child(b):
    """Serves `set` and `look` for b in a child; returns a function that asks it."""
    orders, answers = os.pipe(), os.pipe()
    if os.fork() == 0:
        b = part(B) if b is None else b
        os.close(orders[1])
        for line in os.fdopen(orders[0]):
            what, *n = line.split()
            if what == "set": b[int(n[0])] = int(n[1])
            os.write(answers[1], b" ".join(b"%d" % x for x in b) + b"\n")
        os._exit(0)
    os.close(orders[0])
    lines = os.fdopen(answers[0])
    def ask(order):
        os.write(orders[1], order.encode() + b"\n")
        return lines.readline().strip()
    return ask

way = sys.argv[1]
a = at_address(A) if way == "addresses" else part(A)
b = {"memmap": part, "addresses": at_address, "child": lambda s: None, "inherited": part}[way](B)
ask = in_child(b) if way in ("child", "inherited") else None

for line in sys.stdin:
    what, *n = line.split()
    order = "look"
    if what == "set" and n[0] == "a": a[int(n[1])] = int(n[2])
    elif what == "set" and ask: order = f"set {n[1]} {n[2]}"
    elif what == "set": b[int(n[1])] = int(n[2])
    elif what == "exit": sys.exit(int(n[0]))
    seen = ask(order) if ask else " ".join(map(str, b))
    print(*a, "|", seen, flush=True)
