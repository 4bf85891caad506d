# SPDX-License-Identifier: LGPL-2.1-or-later
"""Transactions for mapped files, said in the program.

A program run under Bigfile (``bigfile run -p 'data/*.npy' -- python3 program.py``) has one
transaction open all the time: everything that it stores in its marked files, by memory maps or by
writing, up to the next commit.  This module commits and rolls back::

    import bigfile, numpy as np

    a = np.memmap("data/a.npy", dtype="f8", mode="r+")
    with bigfile.transaction():
        a[:1000] += 1          # all of it is on disk afterwards,
        check(a)               # or, when this raises, none of it ever was

Without Bigfile all of it does nothing, so a program can be written once for both; ``active()`` tells.

Commits and rollbacks are those of the process, and of all processes that share its files: what
other threads stored meanwhile is part of them.
"""

import contextlib
import ctypes
import os
import threading
from typing import Iterator, NamedTuple

__all__ = ["abort", "active", "commit", "status", "Status", "transaction"]
__version__ = "0.1"


class _Status(ctypes.Structure):
    # struct bigfile_status of bigfile.h
    _fields_ = [
        ("active", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("files", ctypes.c_uint64),
        ("dirty_pages", ctypes.c_uint64),
        ("resized_files", ctypes.c_uint64),
        ("tracker", ctypes.c_char * 16),
    ]


class Status(NamedTuple):
    """How the transaction stands."""

    active: bool  #: under Bigfile, with marked files named
    files: int  #: marked files that are in the transaction
    dirty_pages: int  #: of them, since the last commit or rollback
    resized_files: int  #: those whose size differs from the committed one
    tracker: str  #: "uffd" or "mprotect"; "" before the first marked file


_lock = threading.Lock()
_owner = None  # the thread inside transaction()
_library = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments) -> None:
    try:
        function = getattr(_library, "libbigfile_" + name)
    except AttributeError:  # not preloaded
        return
    if function(*arguments):
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def commit() -> None:
    """Makes everything since the last commit durable, all of it or nothing.

    OSError: nothing of it is committed, nothing is lost, and it can be tried again; a line on
    stderr says what is wrong.
    """
    _call("commit")


def abort() -> None:
    """Back to the last commit: maps and arrays show the committed values again."""
    _call("abort")


def status() -> Status:
    """How the transaction stands.  Counting dirty pages looks through all that were touched."""
    s = _Status()
    _call("status", ctypes.byref(s), ctypes.c_size_t(ctypes.sizeof(s)))
    return Status(bool(s.active), s.files, s.dirty_pages, s.resized_files, s.tracker.decode())


def active() -> bool:
    """Is there a Bigfile under this program, and are any files marked?"""
    return status().active


@contextlib.contextmanager
def transaction() -> Iterator[None]:
    """Commits at the end of the block; an exception rolls back to its beginning.

    What was stored before the block is committed when it is entered, so that a rollback takes
    back the block and nothing else.  A second thread waits until the first has left; blocks do
    not nest (RuntimeError).  When the commit fails the block is rolled back and OSError raised.
    """
    global _owner
    if _owner == threading.get_ident():
        raise RuntimeError("bigfile.transaction() does not nest")
    with _lock:
        _owner = threading.get_ident()
        try:
            commit()
            try:
                yield
                commit()
            except BaseException:
                abort()
                raise
        finally:
            _owner = None
