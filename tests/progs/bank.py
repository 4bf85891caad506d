#!/usr/bin/python3
# Description: bank.c's `run` in Python, through the mmap module: the same transactions, for the same check.
#
#   bank.py run FILE...
import mmap
import os
import struct
import sys

LENGTH = 4096 + 64 * 512
state = 0


def draw(below):
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 33) % below


def move(bank, account, amount):
    at = 4096 + account * 512
    bank[at:at + 8] = struct.pack("<q", struct.unpack("<q", bank[at:at + 8])[0] + amount)


files = [os.open(f, os.O_RDWR) for f in sys.argv[2:]]
banks = [mmap.mmap(f, LENGTH) for f in files]
n = struct.unpack("<Q", banks[0][:8])[0]
while True:
    n += 1
    state = n
    among = 1 + draw(len(files))
    for i in range(1 + draw(6)):
        source, account, sink, other, amount = draw(among), draw(64), draw(among), draw(64), draw(100)
        move(banks[source], account, -amount)
        move(banks[sink], other, amount)
    cut = draw(among)
    os.ftruncate(files[cut], LENGTH + draw(5000))
    banks[0][:8] = struct.pack("<Q", n)
    banks[0].flush()
    print(n, flush=True)
