# SPDX-License-Identifier: LGPL-2.1-or-later
"""arrays.py FILE COUNT [PAUSE]: what ledger.c does, with an array of numpy's: all of it is the same number, and one more after each flush."""
import os
import sys
import time

import numpy

path, count = sys.argv[1], int(sys.argv[2])
pause = int(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0


def say(what):
    os.write(1, b"%d %s\n" % (time.monotonic() * 1000, what.encode()))


new = not os.path.exists(path)
a = numpy.memmap(path, dtype="int64", mode="w+" if new else "r+", shape=(12345,))
n = int(a[0])
say(f"found {n}" if (a == n).all() else f"torn: {n}, {a.min()}, {a.max()}")
while count:
    n += 1
    a[:] = n
    try:
        a.flush()
    except OSError as e:
        say(f"failed {n}: {e}")
        os._exit(3)
    say(f"ack {n}")
    count -= count > 0
    time.sleep(pause)
