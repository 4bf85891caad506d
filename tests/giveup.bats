# Any number of marked files in the life of a process: views are given up.  Few descriptors are allowed here, so that a view that
# stayed would be noticed soon.
load helpers

# many ARGUMENT...: f* and `common` are marked, and `common` is there.
many() {
	letters common 8192
	BIGFILE_DURABLE=no bigfile run -p "$PWD/f*" -p "$PWD/common" -- "$PROGS/comeandgo" "$@"
}
files() { ls f* | grep -v journal; }
few() { (ulimit -n 100 && many "$@"); }
hold() { [ "$(find . -name 'f*' -size 8192c | wc -l)" = "$1" ] && [ "$(cat f* | tr -d '\0' | wc -c)" = "$1" ]; }

temporary() {
	[ -z "$(few temporary 300)" ]
	[ "$(ls)" = $'common\ndata.bin' ]
	[ -z "$(few -f temporary 60)" ]
	[ "$(ls)" = $'common\ndata.bin' ]
	[ "$(head -c 2 common)" = Pa ]
}
@test "files that are made, mapped, committed and deleted" { each_tracker temporary; }

kept() {
	[ -z "$(few kept 300)" ]
	hold 300
	no_journal
	rm f*
	[ -z "$(few -f kept 60)" ]
	hold 60
	no_journal
}
@test "files that are made, mapped and committed" { each_tracker kept; }

reading() {
	for i in {0..149}; do letters "f$i" 8192; done
	[ -z "$(few reading 150)" ]
}
@test "files that are read" { each_tracker reading; }

# What is changed and not committed has to stay.
full() {
	for i in {0..149}; do letters "f$i" 8192; done
	few existing 150 >out 2>err
	grep '^failed at [0-9]*: Too many open files in system$' out
	[ "$(grep -c 'too many marked files' err)" = 1 ]
	n=$(grep -o '[0-9]*' out)
	for i in {0..149}; do
		[ "$(head -c 1 "f$i")" = "$([ "$i" -lt "$n" ] && echo X || echo a)" ]
	done
	no_journal
}
@test "more files in one transaction than there is room for" { each_tracker full; }

above() {
	for i in {0..299}; do letters "f$i" 8192; done
	[ -z "$( (ulimit -Sn 200 && many existing 300) )" ]
	[ "$(cat f* | tr -d a)" = "$(printf 'X%.0s' {1..300})" ]
	no_journal
}
@test "more files in one transaction than the soft limit of descriptors" { above; }

killed() {
	few -k kept 150 || true
	bigfile recover common $(files)
	hold 150
	[ "$(head -c 1 common)" = a ]
	rm f*
	few -k -f kept 60 || true
	bigfile recover common $(files)
	hold 60
	no_journal
}
@test "kill -9 leaves every file as committed" { each_tracker killed; }

none_in_group() {
	local p
	for p in $(pgrep -g "$1"); do gone "$p" || return 1; done
}
# At any moment, of a process or of both: a file is as committed, or was not committed yet.
killed_anywhere() {
	for t in 0.1 0.3; do
		(ulimit -n 100; letters common 8192; BIGFILE_DURABLE=no exec setsid "$BIGFILE" run -p "$PWD/f*" -p "$PWD/common" -- "$PROGS/comeandgo" $1 kept 4000) &
		pid=$!
		until_true 60 test -e f10
		sleep $t
		kill -9 ${2:-}"$pid"
		wait $pid || true
		# Its child too, which nobody here can wait for.
		until_true 60 none_in_group $pid
		bigfile recover common $(files)
		no_journal
		[ -z "$(find . -name 'f*' ! -size 0 ! -size 8192c)" ]
		[ -z "$(find . -name 'f*' -size 8192c -exec head -qc 1 {} + | tr -d X)" ]
		rm f*
	done
}
@test "kill -9 while views are given up" { each_tracker killed_anywhere ""; }
@test "kill -9 of two while they give views up" { each_tracker killed_anywhere -f -; }

locked() {
	BIGFILE_LOG=debug few -l kept 100 >out 2>err
	[ "$(cat out)" = locked ]
	grep -q '/common: given up' err
}
@test "a view that goes drops no lock of the program" { each_tracker locked; }

# The file goes on without a name, for who has it open.
nameless() {
	play write:0:AB unlink:data.bin read:0:3 write:1:CD read:0:4 map:0:20000 get:0:2 set:0:2:E read:0:4 cut:data.bin exit:0 >out
	[ "$(cat out)" = $'ABa\nACDa\nD\nACEa' ]
	rm -f out data.bin
	letters data.bin 20000
	play map:0:20000 unlink:data.bin msync:0 set:0:0:F trunc:30000 set:0:4095:G system:'$BIGFILE abort $PPID' get:0:0 unmap:0 read:0:2 read:4095:1 size exit:0 >out
	cat out
	[ "$(cat out)" = $'F\nFa\nG\n30000' ]
	no_journal
}
@test "a deleted file, read and written on" { each_tracker nameless; }

# The engine's last write is that of the deleted file's content: it fails.
stays() {
	words="map:0:20000 unlink:data.bin msync:0 set:0:0:F unmap:0 read:0:2 write:1:G read:0:3 exit:0"
	traced() { bigfile run -p "$PWD/data.bin" -- strace -f -qq -o trace -e trace=pwrite64 $1 "$PROGS/play" open:data.bin $words; }
	traced "" >out
	[ "$(cat out)" = $'Fa\nFGa' ]
	n=$(cut -d' ' -f1 trace | sort | uniq -c | sort -n | tail -n 1 | awk '{ print $1 }')
	letters data.bin 20000
	traced "-e inject=pwrite64:error=ENOSPC:when=$n" >out 2>err
	cat out err
	grep 'data.bin: has been deleted, and stays in memory: No space left on device' err
	[ "$(cat out)" = $'Fa\nFGa' ]
	no_journal
}
@test "a deleted file's content cannot be put into it" { each_tracker stays; }

# What failed may be on the disk all the same: the journal stays until it is replaced, and that of the file that would be asked about it.
@test "a file whose commit failed is not given up before its journal is replaced" {
	local n i words
	for n in 1 2 3; do
		rm -f ./*.bin f*
		letters a.bin 20000
		letters b.bin 20000
		words=(set:0:1:X set:1:1:X msync:0 'system:$BIGFILE abort $PPID' unmap:0 unmap:1)
		for i in {2..60}; do
			letters f$i 8192
			words+=(open:f$i map:0:8192 unmap:$i)
		done
		run -0 sh -c 'ulimit -n 60; exec "$@"' - env BIGFILE_PATHS="$PWD/*.bin:$PWD/f*" BIGFILE_LOG=debug strace -f -qq -o trace -e inject=io_setup:error=ENOSYS \
			-e inject=fdatasync:error=EIO:when=$n -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:a.bin map:0:20000 \
			open:b.bin map:0:20000 "${words[@]}" exit:0
		failed=$(sed -n 's,.*/\(.\).bin: commit failed.*,\1,p' <<<"$output")
		echo "$n: of $failed"
		[[ "$output" == *"/f2: given up"* ]]
		[[ "$output" != *"/$failed.bin: given up"* ]]
		no_journal
	done
}

# Has a process the memory of a shared view?
has_views() { readlink /proc/"$1"/task/*/fd/* | grep -q bigfile-view; }
no_views() { ! has_views "$1"; }
# Another thread of the parent is in the midst of loading, and so has the view in hand, when the child is forked.  The last argument of that call is
# MADV_POPULATE_WRITE.
is_loading() { grep -Eq '^[0-9]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x17 ' /proc/"$1"/syscall; }
in_hand() {
	letters data.bin 327680
	cat >two.py <<-'END'
		import ctypes, mmap, os, threading, time
		def wait(name):
		    while not os.path.exists(name): time.sleep(0.01)
		fd = os.open("data.bin", os.O_RDWR)
		m = mmap.mmap(fd, 0)
		byte = ctypes.c_char.from_buffer(m)
		at = ctypes.addressof(byte)
		del byte
		if os.fork() == 0: os._exit(0)
		os.wait()
		def load():
		    print(threading.get_native_id(), file=open("tid.new", "w"))
		    os.rename("tid.new", "tid")
		    wait("go")
		    ctypes.CDLL(None).memcpy(ctypes.create_string_buffer(1), ctypes.c_void_p(at + 100000), 1)
		t = threading.Thread(target=load)
		t.start()
		wait("fork")
		if os.fork() == 0:
		    m.close()
		    os.close(fd)
		    open("child", "w")
		    wait("end")
		    os._exit(0)
		t.join()
		wait("child")
		m.close()
		os.close(fd)
		os.unlink("data.bin")
		open("unlinked", "w")
		wait("end")
		os.wait()
	END
	BIGFILE_MEMORY=64K "$BIGFILE" run -p "$PWD/data.bin" -- /usr/bin/python3 two.py >out 2>err &
	pid=$!
	tid=$(posted tid)
	has_views $pid
	strace -qq -o trace -e inject=madvise:delay_enter=60000000:when=2 -p $tid &
	tracer=$!
	until_true 60 traced $pid $tid
	touch go
	until_true 60 is_loading $tid
	touch fork
	until_true 60 test -e child
	kill -9 $tracer
	until_true 60 test -e unlinked
	bigfile commit $pid
	until_true 60 no_views $pid
	touch end
	wait $pid
}
@test "a child has nothing in hand of what the parent's other threads had at the fork" { each_tracker in_hand; }

# Every descriptor that it may have is taken, and the other must be asked all the same.
full_and_shared() {
	local words
	four_and_another
	LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:data.bin map:0:20000 set:0:5:X fork endchild wait post:one await:end exit:0 &
	posted one
	LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" "${words[@]}" open:data.bin map:0:20000 post:two await:full open:other.bin map:0:20000 post:three \
		await:end exit:0 >out.two &
	posted two
	prlimit --pid "$(cat two)" --nofile=18:18
	: >full
	posted three
	: >end
	wait
	[ ! -s out.two ]
	[ "$(at 5)" = X ]
	no_journal
}
@test "files shared with another process are given up when no descriptor is left" { each_tracker full_and_shared; }

# Numbers are given to new files as soon as old ones are gone.
@test "a file with the number of one that another process had before is no part of that one's transaction" {
	mkdir names
	(until [ -e end ]; do few temporary 300; done) >told &
	run "$PROGS/names" names 3000 "$RANDOM$RANDOM" --shared
	touch end
	wait
	echo "$output"
	[[ "${lines[-1]}" == *": ok" ]]
	[ ! -s told ]
}

renumbered() {
	local elsewhere
	elsewhere=$(mktemp -d /dev/shm/journals.XXXXXX)
	for f in common old data{1..9}; do letters $f.bin 8192; done
	BIGFILE_JOURNAL_DIR=$elsewhere bigfile run -p '*.bin' -- /usr/bin/python3 "$TOP/tests/progs/renumbered.py" | cat >told
	rm -r "$elsewhere"
	grep -q '^same number' told || skip "this file system gives other numbers"
	cmp data1.bin data9.bin && cmp data2.bin data9.bin
	! ls | grep kept
}
@test "a file with the number of one that the parent had open is part of its child's transaction" { each_tracker renumbered; }

# Its parent had it mapped, and has gone.
empty_in_child() {
	: >empty.bin
	BIGFILE_PATHS="$PWD/*.bin" "$BIGFILE" run -- /usr/bin/python3 -c '
import ctypes, mmap, os, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
common = mmap.mmap(os.open("data.bin", os.O_RDWR), 4096)
common[0] = 65
fd = os.open("empty.bin", os.O_RDONLY)
at = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
os.close(fd)
if os.fork():
    os._exit(0)
def wait(name):
    while not os.path.exists(name):
        time.sleep(0.01)
open("first", "w").close()
wait("second")
print(ctypes.string_at(at, 3).decode(), flush=True)
open("third", "w").close()
os._exit(1)' >out 2>err &
	until_true 60 test -e first
	BIGFILE_PATHS="$PWD/*.bin" "$BIGFILE" run -- "$PROGS/play" open:empty.bin write:0:new post:second await:third _exit:1 2>err.second || true
	cat out err err.second
	[ "$(cat out)" = new ]
	rm -f first second third
}
@test "an empty file that a child has mapped is shared with who writes to it" { each_tracker empty_in_child; }
