# A WSGI application for a server that forks its workers after loading it: lines in one map that they all have inherited.
#	/put/N/PART	writes a quarter of batch N		/lose/N/PART	the same, then kills its worker
#	/look		the batches that are there
# Each answer begins with the worker's process.
import mmap, os, signal

LINE = len("batch0-001 value-of-batch0-001\n")
with open("db.txt", "r+b") as f: lines = mmap.mmap(f.fileno(), 0)

def batch(n, rows):
    return b"".join(b"batch%d-%03d value-of-batch%d-%03d\n" % (n, i + 1, n, i + 1) for i in rows)

def put(n, part):
    at = (200 * n + 50 * part) * LINE
    lines[at:at + 50 * LINE] = batch(n, range(50 * part, 50 * part + 50))

def look():
    found = [n for n in range(len(lines) // LINE // 200) if lines[200 * n * LINE]]
    for n in found: assert lines[200 * n * LINE:200 * (n + 1) * LINE] == batch(n, range(200)), f"batch {n} is not whole"
    return found

def app(environ, start_response):
    what, *n = environ["PATH_INFO"].strip("/").split("/")
    if what == "look": n = look()
    else: put(*map(int, n))
    if what == "lose": os.kill(os.getpid(), signal.SIGKILL)
    start_response("200 OK", [])
    return [" ".join(map(str, [os.getpid(), what, *n])).encode()]
