# Description: a child inherits a file that its parent had open; the parent ends, that file is deleted, and its number becomes that of a file that
# the child makes in the place of one that it has deleted.  It has it open when all is aborted.  Journals belong elsewhere, or they take the number.
# Prints "same number", or "another number" where the file system gives others.
import glob
import mmap
import os
import subprocess

with open("common.bin", "r+b") as f:
    common = mmap.mmap(f.fileno(), 4096)
common[0] = 1
# From the first child on there is a session; what is opened later on, and not changed, is not brought into it.
if os.fork() == 0:
    os._exit(0)
os.wait()
old = os.open("old.bin", os.O_RDWR)
number = os.fstat(old).st_ino
ended = os.pipe()
child = os.fork()
os.close(old)
os.close(ended[1])
if child:
    os._exit(0)
os.read(ended[0], 1)
subprocess.run(["rm", "old.bin"], env={})
for name in sorted(glob.glob("data*.bin")):
    os.unlink(name)
    new = os.open(name, os.O_RDWR | os.O_CREAT)
    same = os.fstat(new).st_ino == number
    if same:
        break
subprocess.run([os.environ["BIGFILE"], "abort", str(os.getpid())])
print("same number" if same else "another number", flush=True)
