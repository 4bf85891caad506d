# Four processes keep a database together: each writes its quarter of a batch.  They are told:
#	crowd.py lmdb-write|lmdb-map|tdb fork|exec
# the second being how the others are started, before the database is opened.  Words: put N, durable N, begin N (the first
# of them writes batch N and leaves the database's own transaction open), lose N (another one does, and is killed; one
# that had waited takes its place), again (all close the database, then all open it), look, exit STATUS.
# They answer with the number of records that all of them see, and to lose with the process of the new one.
import os, signal, subprocess, sys

def quarter(n, part):
    for i in range(50 * part + 1, 50 * part + 51):
        key = b"batch%d-%03d" % (n, i)
        yield key, b"value-of-" + key

class Lmdb:
    """The lock file is memory that processes share: not marked."""
    def __init__(self, how): self.how = how
    def open(self):
        import lmdb
        self.env = lmdb.open("env", map_size=1 << 20, writemap=self.how == "map")
    def close(self): self.env.close()
    def begin(self, n, part):
        self.txn = self.env.begin(write=True)
        for key, value in quarter(n, part): self.txn.put(key, value)
    def put(self, n, part):
        self.begin(n, part)
        self.txn.commit()
    durable = put
    def look(self):
        with self.env.begin() as t: return t.stat()["entries"]

class Tdb:
    def __init__(self, how): pass
    def open(self):
        import tdb
        self.db = tdb.open("db.tdb", flags=os.O_RDWR)
    def close(self): self.db.close()
    def put(self, n, part):
        for key, value in quarter(n, part): self.db.store(key, value)
    def begin(self, n, part):
        self.db.transaction_start()
        self.put(n, part)
    def durable(self, n, part):
        self.begin(n, part)
        self.db.transaction_commit()
    def look(self): return sum(1 for _ in self.db)

kind, how = sys.argv[1:3]
store = (Tdb if kind == "tdb" else Lmdb)(kind[5:])

def do(order):
    what, *n = order.split()
    if what == "exit": sys.exit(int(n[0]))
    return getattr(store, what)(*map(int, n))

def serve(orders, answers):
    for order in orders:
        answers.write(f"{do(order)}\n")
        answers.flush()
    sys.exit(0)

class Member:
    def __init__(self, part):
        self.part = part
        if how == "exec":
            p = subprocess.Popen([sys.executable, __file__, kind, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.pid, self.orders, self.answers = p.pid, p.stdin, p.stdout
            self.process = p # which would be waited for by whoever forgets it
            return
        orders, answers = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            for m in members + spares: m.orders.close()
            os.close(orders[1])
            serve(os.fdopen(orders[0]), os.fdopen(answers[1], "w"))
        os.close(orders[0])
        os.close(answers[1])
        self.orders, self.answers = os.fdopen(orders[1], "w"), os.fdopen(answers[0])
    def tell(self, order):
        self.orders.write(order + "\n")
        self.orders.flush()
    def answer(self):
        line = self.answers.readline()
        assert line, f"member {self.part} has ended"
        return line.strip()
    def end(self): return os.waitpid(self.pid, 0)[1]

def everyone(what, *n):
    for m in members: m.tell(" ".join([what, *n, str(m.part)] if n else [what]))
    mine = do(" ".join([what, *n, "0"] if n else [what]))
    answers = [m.answer() for m in members]
    if what == "look": assert all(a == str(mine) for a in answers), (mine, answers)
    return mine

def replace_one(n):
    m = members.pop(0)
    m.tell(f"begin {n} {m.part}")
    m.answer()
    os.kill(m.pid, signal.SIGKILL)
    m.end()
    new = spares.pop()
    new.part = m.part
    new.tell("open")
    new.answer()
    members.append(new)
    return new.pid

members, spares = [], []
if how == "serve": serve(sys.stdin, sys.stdout)
for part in 1, 2, 3: members.append(Member(part))
for part in 4, 5: spares.append(Member(part))
everyone("open")
for line in sys.stdin:
    what, *n = line.split()
    more = []
    if what in ("put", "durable"): everyone(what, *n)
    elif what == "begin": store.begin(int(n[0]), 0)
    elif what == "lose": more = [replace_one(n[0])]
    elif what == "again":
        everyone("close")
        everyone("open")
    elif what == "exit":
        for m in members + spares: m.tell("exit " + n[0])
        for m in members + spares: m.end()
        sys.exit(int(n[0]))
    if what != "begin": more.insert(0, everyone("look"))
    print(what, *n, *more, flush=True)
for m in members + spares:
    m.orders.close()
    m.end()
