# Keeps lines in an np.memmap, and has four workers write each batch, each a part; parts end within pages.
#	workers.py itself|pool|process|joblib
# how the workers are made: not at all; a multiprocessing.Pool or multiprocessing.Processes, forked, which have inherited the map, or
# joblib's, which are started anew, stay, and map the file themselves.  Words: put N, durable N (and flush), lose N (put, and the
# worker of one part is killed when it has written it), look, exit STATUS.
import multiprocessing, os, signal, sys
import numpy as np

LINE = len("batch0-001 value-of-batch0-001\n")
way = sys.argv[1]
context = multiprocessing.get_context("fork")
array = np.memmap("db.npy", dtype=f"S{LINE}", mode="r+")

def write(array, n, part, dies=False):
    for i in range(50 * part, 50 * part + 50):
        array[200 * n + i] = b"batch%d-%03d value-of-batch%d-%03d\n" % (n, i + 1, n, i + 1)
    if dies: os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()

def write_inherited(*args): return write(array, *args)

def in_processes(orders):
    all = [context.Process(target=write_inherited, args=order) for order in orders]
    for p in all: p.start()
    for p in all: p.join()
    assert [p.exitcode for p in all] == [-9 if len(order) == 3 else 0 for order in orders]

def in_pool(orders):
    with context.Pool(4) as pool: pool.starmap(write_inherited, orders, chunksize=1)

def in_joblib(orders):
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError
    try:
        joblib.Parallel(n_jobs=4, mmap_mode="r+", batch_size=1)(joblib.delayed(write)(array, *order) for order in orders)
    except TerminatedWorkerError:
        assert len(orders[-1]) == 3

def in_itself(orders):
    for order in orders: write(array, *order)

run = {"itself": in_itself, "pool": in_pool, "process": in_processes, "joblib": in_joblib}[way]

def lose(n):
    run([(n, 0), (n, 2), (n, 3)])
    # A pool would wait forever for the answer of a worker that was killed.
    (in_processes if way == "pool" else run)([(n, 1, True)])

def look():
    found = [n for n in range(len(array) // 200) if array[200 * n]]
    for n in found:
        for i in range(200): assert array[200 * n + i] == b"batch%d-%03d value-of-batch%d-%03d\n" % (n, i + 1, n, i + 1), (n, i)
    return found

for line in sys.stdin:
    what, *n = line.split()
    if what in ("put", "durable"): run([(int(n[0]), part) for part in range(4)])
    if what == "durable": array.flush()
    elif what == "lose": lose(int(n[0]))
    elif what == "exit": sys.exit(int(n[0]))
    print(what, *(look() if what == "look" else n), os.getpid(), flush=True)
