# What calls bring into windows while commits come and go: none of it is lost.  Each row waits through a commit in each round.
# BIGFILE_FULL=1: 300 rounds.
load helpers

FILES="pread read preadv fread fread_unlocked aio_read stat getrandom"
DATAGRAMS="datagram-read datagram-readv datagram-recv datagram-truncated datagram-interrupted datagram-cancelled datagram-recvfrom datagram-recvmsg datagram-recvmmsg"
OTHERS="stream-recv stream-all pipe pipe-readv terminal accept eventfd timerfd inotify signalfd mq_receive msgrcv waitpid poll epoll_wait
	getsockopt readlink"

arrive() {
	local who=$1 rounds=${BIGFILE_FULL:+300} kind
	: "${rounds:=$2}"
	shift 2
	rm data.bin
	truncate -s 16M data.bin
	for kind; do
		timeout 60 "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/arrivals" data.bin "$who" "$kind" "$rounds"
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

# The other way: a thread waits in a call that reads from a window, and the file becomes one that is loaded when it is touched.
leaves() {
	head -c 16M /dev/urandom >data.bin
	run timeout 60 "$BIGFILE" run -p "$PWD/data.bin" -- /usr/bin/python3 -c '
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
