load helpers

overlapping() {
	run play map:0:20000 map:0:8192 map:4096:8192 set:0:4097:X get:1:4097 get:2:1 same:0:1 unmap:0 get:2:1 exit:0
	[ "$output" = $'X\nX\nyes\nX' ]
	[ "$(byte data.bin 4097)" = X ]
}
@test "overlapping windows coincide" { each_tracker overlapping; }

pieces() {
	play map:0:20000 set:0:9000:X unmap:0:8192:4096 set:0:0:Y set:0:16384:Z exit:0
	[ "$(byte data.bin 9000)$(byte data.bin 0)$(byte data.bin 16384)" = XYZ ]
}
@test "munmap of the middle" { each_tracker pieces; }

grown() {
	run play map:0:4096 set:0:1:A remap:0:20000 set:0:19000:B get:0:1 remap:0:4096 set:0:2:C exit:0
	[ "$output" = A ]
	[ "$(byte data.bin 1)$(byte data.bin 19000)$(byte data.bin 2)" = ABC ]
}
@test "mremap grows and shrinks a window" { each_tracker grown; }

at_hint() {
	run play map:0:20000:0x3fdc40000000 set:0:1:A exit:0
	[ "$status" = 0 ]
	play map:0:8192:0x3fdc40000000:fixed set:0:1:B map:8192:8192 set:1:1:C exit:0
	[ "$(byte data.bin 1)$(byte data.bin 8193)" = BC ]
}
@test "a demanded address is honoured" { each_tracker at_hint; }

longer() {
	play map:0:1000000 set:0:19999:X trunc:40000 set:0:39999:Y exit:0
	[ "$(stat -c %s data.bin)" = 40000 ]
	[ "$(byte data.bin 19999)$(byte data.bin 39999)" = XY ]
}
@test "a window longer than the file" { each_tracker longer; }

beyond() {
	run play map:0:1000000 set:0:500000:X exit:0
	[ "$status" = 135 ] # SIGBUS
	[ "$(byte data.bin 0)" = a ]
}
@test "a store far beyond the end is SIGBUS" { each_tracker beyond; }

cut_short() {
	letters data.bin 65536
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/cutshort" data.bin
	echo "$output"
	[ "$status" = 0 ] && [ "${lines[-1]}" = committed ]
	[ "$(byte data.bin 0)" = x ]
}
@test "a store that failed, to a page that somebody has cut off, is in no commit's way" { each_tracker cut_short; }

offset() {
	play map:8192:8000 set:0:1:X exit:0
	[ "$(byte data.bin 8193)" = X ]
}
@test "a window at an offset" { each_tracker offset; }

protection() {
	play romap:0:8192 prot:0:rw set:0:0:W map:0:8192 prot:1:r prot:1:rw set:1:1:X exit:0
	[ "$(head -c 2 data.bin)" = WX ]
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin:ro romap:0:8192 prot:0:rw get:0:0 exit:0
	[[ "$output" == *"prot: EACCES"*W ]]
}
@test "mprotect of windows" { each_tracker protection; }

read_only_store() {
	run play romap:0:8192 set:0:1:X exit:0
	[ "$status" = 139 ] # SIGSEGV
}
@test "a store into a read-only window is SIGSEGV" { each_tracker read_only_store; }

# What calls may store to as long as nobody can see it.
written_before() {
	run play write:5000:X map:0:4096 set:0:5000:X exit:0
	[ "$status" = 139 ]
	run play write:5000:X append:Y map:0:8192 write:1:Z get:0:1 unmap:0:0:4096 set:0:1:X exit:0
	[[ "$output" == Z* ]]
	[ "$status" = 139 ]
}
@test "a file that was written to before it is mapped takes no stores where no window allows them" { each_tracker written_before; }

dontneed() {
	run play map:0:8192 set:0:1:X dontneed:0 get:0:1 exit:0
	[ "$output" = X ]
	[ "$(byte data.bin 1)" = X ]
}
@test "madvise(MADV_DONTNEED) loses nothing" { each_tracker dontneed; }

# MADV_DONTNEED_LOCKED, MADV_GUARD_INSTALL; MADV_DONTNEED by process_madvise().
other_advice() {
	run bigfile run -p "$PWD/data.bin" -- python3 -c '
import ctypes, mmap, os
m = mmap.mmap(os.open("data.bin", os.O_RDWR), 8192)
m[1] = ord("X")
m.madvise(24)
try:
    m.madvise(102)
except OSError as e:
    print(e.errno)
libc = ctypes.CDLL(None, use_errno=True)
pages = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.c_char.from_buffer(m)), 4096)
libc.process_madvise(os.pidfd_open(os.getpid()), pages, ctypes.c_size_t(1), 4, 0)
print(ctypes.get_errno(), chr(m[1]))'
	echo "$output"
	[ "$output" = $'22\n22 X' ]
	[ "$(byte data.bin 1)" = X ]
}
@test "nor does other advice that would" { each_tracker other_advice; }

# The kernel then gives anonymous memory by 2 MiB, where it has such: new parts of the file, before they are mapped and after.
huge() {
	run play trunc:8388608 map:0:16777216 huge:0 set:0:4194305:X set:0:8388607:Y trunc:16777216 huge:0 set:0:12582912:Z msync:0 set:0:4194306:V _exit:1
	[ "$(at 4194305 8388607 12582912)" = XYZ ]
	! [ "$(at 4194306)" = V ]
	play map:0:16777216 huge:0 set:0:4194306:W set:0:19999:U exit:0
	[ "$(at 4194305 4194306 19999)" = XWU ]
}
@test "madvise(MADV_HUGEPAGE) loses nothing" { each_tracker huge; }

kernel_stores() {
	run play map:0:20000 readinto:0:4000:9000 readinto:0:1:10 exit:0
	[ "$output" = $'9000\n10' ]
	[ "$(byte data.bin 4000)$(byte data.bin 12999)$(byte data.bin 10)$(byte data.bin 13000)" = KKKa ]
}
@test "read(2) into a window" { each_tracker kernel_stores; }

after_commit() {
	run play map:0:20000 set:0:5000:X msync:0 readinto:0:4096:100 msync:0 _exit:1
	[ "$(byte data.bin 4096)$(byte data.bin 5000)" = KX ]
}
@test "read(2) into a committed page is noticed" { each_tracker after_commit; }
