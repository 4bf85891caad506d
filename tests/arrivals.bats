# What calls bring into windows while commits come and go: none of it is lost.  Each row waits through a commit in each round.
# BIGFILE_FULL=1: 300 rounds.
load helpers

FILES="pread read preadv fread fread_unlocked aio_read stat getrandom"
DATAGRAMS="datagram-read datagram-readv datagram-recv datagram-truncated datagram-interrupted datagram-cancelled datagram-recvfrom datagram-recvmsg datagram-recvmmsg"
OTHERS="stream-recv stream-all pipe pipe-readv terminal accept eventfd timerfd inotify signalfd mq_receive msgrcv waitpid poll epoll_wait
	getsockopt readlink select epoll_pwait2 eventfd_read sigwaitinfo"
ANSWERS="getcwd getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr statfs fstatfs uname sysinfo getrusage clock_gettime times getgroups
	getentropy arc4random_buf sendfile splice copy_file_range F_GETLK F_OFD_SETLK sendmmsg"

arrive() {
	local who=$1 rounds=${BIGFILE_FULL:+300} kind
	: "${rounds:=$2}"
	shift 2
	rm data.bin
	truncate -s 16M data.bin
	for kind; do
		timeout 300 "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/arrivals" data.bin "$who" "$kind" "$rounds"
	done
}

@test "messages come whole into a window, whoever commits meanwhile" {
	each_tracker arrive threads 5 $DATAGRAMS
}

@test "the same of other sockets, pipes, terminals, queues and descriptors that count" {
	each_tracker arrive threads 5 $OTHERS
}

@test "the same of what is read from files, by calls and by streams" {
	each_tracker arrive threads 5 $FILES
}

@test "the same where another process commits, and what is not touched is not there" {
	each_tracker arrive process 3 datagram-recv datagram-recvmsg terminal eventfd pread fread
}

@test "what the kernel tells of files, the system and the process is told in a window, whoever commits meanwhile" {
	each_tracker arrive threads 5 $ANSWERS
}

# In the first round of each row that is a page that nobody has touched.
@test "the same where another process commits, and what is not touched is not there: what is told" {
	each_tracker arrive process 3 $ANSWERS epoll_pwait2 eventfd_read sigwaitinfo
}

# The other way: a thread waits in a call that reads from a window, and the file becomes one that is loaded when it is touched.
leaves() {
	head -c 16M /dev/urandom >data.bin
	run timeout 300 "$BIGFILE" run -p "$PWD/data.bin" -- /usr/bin/python3 -c '
import mmap, os, subprocess, sys, threading
m = mmap.mmap(os.open("data.bin", os.O_RDWR), 0)
r, w = os.pipe()
first, came = threading.get_native_id(), b""
def drain():
    global came
    while open(f"/proc/self/task/{first}/stat").read().rsplit(")")[-1].split()[0] != "S": pass
    subprocess.run(sys.argv[1:])
    while len(came) < 1 << 20:
        piece = os.read(r, 1 << 20)
        if not piece: break
        came += piece
t = threading.Thread(target=drain)
t.start()
n = os.write(w, memoryview(m)[5 << 20:6 << 20])
os.close(w)
t.join()
print(n, came == m[5 << 20:6 << 20])
m[(5 << 20) + 70000] = ord("Y")' "$PROGS/play" open:data.bin map:0:4096 set:0:0:X exit:0
	echo "$output"
	[ "$output" = "1048576 True" ]
	[ "$(at 0 $(((5 << 20) + 70000)))" = XY ]
}
@test "what waits in a write from a window is written whole, though another process comes to share the file" { each_tracker leaves; }

# As the kernel does: by an errno.
no_memory() {
	cat >program.py <<-'PY'
		import ctypes, mmap, os, socket
		libc = ctypes.CDLL(None, use_errno=True)
		m = mmap.mmap(os.open("data.bin", os.O_RDWR), 4096)
		m[0] = 1
		pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
		buf = ctypes.create_string_buffer(64)
		for call, *arguments in (("getsockname", buf), ("getpeername", buf), ("getsockopt", 1, 4, buf)):
		    for length in (None, ctypes.c_void_p(8)):
		        if getattr(libc, call)(pair[0].fileno(), *arguments, length) != -1 or ctypes.get_errno() != 14:
		            print(call, ctypes.get_errno())
		os._exit(0)
	PY
	run bigfile run -p data.bin -- /usr/bin/python3 program.py
	echo "$output"
	[ "$status" = 0 ] && [ -z "$output" ]
}
@test "a length that is no memory is refused, and nothing else happens" { each_tracker no_memory; }

# A message of which the header, the list in it or a later header of several is no memory.
no_message() {
	cat >program.py <<-'PY'
		import ctypes, mmap, os, signal, socket
		libc = ctypes.CDLL(None, use_errno=True)
		libc.mmap.restype = ctypes.c_void_p
		marked, plain = os.open("data.bin", os.O_RDWR), os.open("other.bin", os.O_RDWR | os.O_CREAT)
		m = mmap.mmap(marked, 4096)
		m[0] = 1
		class Iov(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
		class Header(ctypes.Structure): _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.c_void_p), ("iovlen", ctypes.c_size_t),
		    ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int)]
		class Several(ctypes.Structure): _fields_ = [("header", Header), ("length", ctypes.c_uint)]
		# Two pages: the second is not there to be read.
		pages = libc.mmap(None, ctypes.c_size_t(8192), 3, 0x22, -1, ctypes.c_long(0))
		libc.mprotect(ctypes.c_void_p(pages + 4096), ctypes.c_size_t(4096), 0)
		pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
		out, into = (s.fileno() for s in pair)
		buf = ctypes.create_string_buffer(64)
		window = ctypes.addressof(ctypes.c_char.from_buffer(m))
		iov = Iov(ctypes.addressof(buf), 64)
		def refused(what, done, errno=14):
		    if done != -1 or ctypes.get_errno() != errno: print(what, done, ctypes.get_errno())
		def header(iov, n=1): return Header(None, 0, iov, n, None, 0, 0)
		bad = ctypes.c_void_p(8), ctypes.c_void_p(pages + 4096), ctypes.c_void_p(pages + 4096 - 16), ctypes.c_void_p(-4096), ctypes.c_void_p(1 << 62), None
		os.write(out, b"one")
		for p in bad:
		    for call in libc.recvmsg, libc.sendmsg:
		        refused((call.__name__, p), call(into, p, 0x40))
		        refused((call.__name__, "list", p), call(into, ctypes.byref(header(p, 2)), 0x40))
		        refused((call.__name__, "long list", p), call(into, ctypes.byref(header(p, 1 << 40)), 0x40), 90)
		    for call in libc.recvmmsg, libc.sendmmsg: refused((call.__name__, p), call(into, p, 2, 0x40, None))
		    for fd in marked, plain:
		        for call in libc.readv, libc.writev: refused((call.__name__, fd, p), call(fd, p, 2))
		# Nothing was taken.  What comes before the one that is refused comes, and what is a window beside it is no matter.
		several = ctypes.cast(pages + 4096 - 2 * ctypes.sizeof(Several), ctypes.POINTER(Several))
		several[0].header, several[1].header = header(ctypes.addressof(iov)), header(8)
		os.write(out, b"two")
		if libc.recvmmsg(into, several, 3, 0x40, None) != 1 or buf.value != b"one": print("recvmmsg", buf.value)
		pair[1].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) # the kernel keeps it for the next call
		within = Iov(window + 8, 8)
		several[0].header, several[1].header = header(ctypes.addressof(within)), header(ctypes.addressof(within))
		os.write(out, b"three")
		if libc.recvmmsg(into, several, 3, 0x40, None) != 2 or m[8:13] != b"three": print("recvmmsg", m[8:16])
		refused("time", libc.recvmmsg(into, several, 1, 0x40, ctypes.c_void_p(8)))
		# No signal is held back afterwards.
		if signal.pthread_sigmask(signal.SIG_BLOCK, []): print("mask")
		os._exit(0)
	PY
	run bigfile run -p data.bin -- /usr/bin/python3 program.py
	echo "$output"
	[ "$status" = 0 ] && [ -z "$output" ]
}
@test "a message that is no memory is refused, and nothing is taken" { each_tracker no_message; }
