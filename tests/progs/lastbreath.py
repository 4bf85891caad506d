# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds up the first thread of a process when it ends, until a file appears.

    lastbreath.py PID FILE

The other threads end; what is left of the process has no descriptors of theirs any more, and is not a zombie yet.  Prints "holds" when
it holds the thread, "ends" when that is on its way out.
"""
import ctypes
import os
import sys
import time

SEIZE, CONT, TRACE_EXIT, EVENT_EXIT = 0x4206, 7, 0x40, 6
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
pid = int(sys.argv[1])

if libc.ptrace(SEIZE, pid, None, TRACE_EXIT):
    sys.exit(os.strerror(ctypes.get_errno()))
print("holds", flush=True)
while True:
    _, status = os.waitpid(pid, 0)
    if status >> 16 == EVENT_EXIT:
        break
    libc.ptrace(CONT, pid, None, os.WSTOPSIG(status))
print("ends", flush=True)
for _ in range(3000):  # a minute
    if os.path.exists(sys.argv[2]):
        break
    time.sleep(0.02)
