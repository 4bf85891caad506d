# Description: prints the names in the current folder, as each of libc's listings has them: one line for each.
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)


class Entry(ctypes.Structure):
    _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64), ("length", ctypes.c_uint16), ("type", ctypes.c_uint8),
                ("name", ctypes.c_char * 256)]


def show(how, names):
    print(how, *sorted(n.decode() for n in names if n not in (b".", b"..")))


libc.opendir.restype = libc.readdir.restype = ctypes.POINTER(Entry)
for how in ("readdir", "readdir64"):
    getattr(libc, how).restype = ctypes.POINTER(Entry)
    folder, names = libc.opendir(b"."), []
    folder = ctypes.cast(folder, ctypes.c_void_p)
    while entry := getattr(libc, how)(folder):
        names.append(entry.contents.name)
    show(how, names)
    libc.closedir(folder)

folder, names = ctypes.cast(libc.opendir(b"."), ctypes.c_void_p), []
room, found = Entry(), ctypes.POINTER(Entry)()
while not libc.readdir_r(folder, ctypes.byref(room), ctypes.byref(found)) and found:
    names.append(room.name)
show("readdir_r", names)

here = os.open(".", os.O_RDONLY)
for how, call in (("scandir", lambda list: libc.scandir(b".", list, None, None)),
                  ("scandirat", lambda list: libc.scandirat(here, b".", list, None, None))):
    list = ctypes.POINTER(ctypes.POINTER(Entry))()
    n = call(ctypes.byref(list))
    show(how, [list[i].contents.name for i in range(n)])

# With room for one entry or a few.
buffer, names = ctypes.create_string_buffer(100), []
while (n := libc.getdents64(here, buffer, len(buffer))) > 0:
    at = 0
    while at < n:
        entry = Entry.from_buffer_copy(buffer.raw[at:n].ljust(ctypes.sizeof(Entry), b"\0"))
        names.append(entry.name)
        at += entry.length
show("getdents64", names)
