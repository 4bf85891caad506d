# What private views keep in memory of what was committed: no more than BIGFILE_MEMORY, and nothing is lost when it leaves.
load helpers

anonymous() { awk '/RssAnon/ { print $2 }' "/proc/$1/status"; }

# Eight commits of 8 MB each, one behind the other.
committed_leaves() {
	local words=() i
	letters data.bin 64000000
	for i in {0..7}; do words+=("fill:0:$((i * 8000000)):8000000:X" msync:0); done
	start_play map:0:64000000 "${words[@]}" ready get:0:0 get:0:63999999 set:0:5:Y ready exit:0
	[ "$(anonymous "$pid")" -lt 40000 ]
	go
	until_true 60 ready_count 2
	go
	wait "$pid"
	[ "$(grep -v ready out | tr -d '\n')" = XX ]
	[ "$(tr -d X <data.bin)" = Y ]
	no_journal
}
limited() { BIGFILE_MEMORY=16M committed_leaves; }
@test "what was committed leaves memory again, and the program finds it in the file" { each_tracker limited; }

# The same of what the program has added, whose first page each commit is about.
added_leaves() {
	local words=() i
	rm -f data.bin
	: >data.bin
	for i in {0..7}; do words+=("set:0:7:$i" "fill:0:$((i * 8000000 + 9)):7999991:X" msync:0); done
	start_play map:0:64000000 trunc:64000000 "${words[@]}" ready get:0:9 get:0:7 get:0:63999999 set:0:5:Y ready exit:0
	[ "$(anonymous "$pid")" -lt 40000 ]
	go
	until_true 60 ready_count 2
	go
	wait "$pid"
	[ "$(grep -v ready out | tr -d '\n')" = X7X ]
	[ "$(head -c 10 data.bin | tr '\0' 0)$(tail -c +10 data.bin | tr -d X | wc -c)" = 00000Y070X63 ]
	no_journal
}
added() { BIGFILE_MEMORY=16M added_leaves; }
@test "what was added and committed leaves memory, too" { each_tracker added; }

# As the file takes the place of what was added, stores go on, are taken back, cut off, mapped by MAP_PRIVATE, and shared.
added_and_taken_back() {
	cat >program.py <<-'PY'
		import bigfile, ctypes, mmap, os, random, sys
		rng = random.Random(int(sys.argv[1]))
		MOST, fd = 24 << 20, os.open("data.bin", os.O_RDWR)
		committed = bytearray(8 << 20)
		os.ftruncate(fd, len(committed))
		bigfile.commit()
		libc = ctypes.CDLL(None)
		libc.mmap.restype = ctypes.c_void_p
		at = libc.mmap(None, ctypes.c_size_t(MOST), 3, mmap.MAP_SHARED, fd, ctypes.c_long(0))
		now = bytearray(committed)
		def store(offset, n):
		    n = min(n, len(now) - offset)
		    if n > 0:
		        piece = rng.randbytes(n)
		        ctypes.memmove(at + offset, piece, n)
		        now[offset:offset + n] = piece
		def look(what):
		    if ctypes.string_at(at, len(now)) != now:
		        there = ctypes.string_at(at, len(now))
		        print(what, "differs at", next(i for i in range(len(now)) if there[i] != now[i]), "of", len(now))
		        sys.exit(1)
		def private():
		    p = libc.mmap(None, ctypes.c_size_t(len(now)), 1, mmap.MAP_PRIVATE, fd, ctypes.c_long(0))
		    same = ctypes.string_at(p, len(now)) == now
		    libc.munmap(ctypes.c_void_p(p), ctypes.c_size_t(len(now)))
		    if not same: sys.exit("a private mapping differs")
		for n in range(60):
		    store(rng.randrange(100), 8)
		    for _ in range(rng.randrange(1, 6)): store(rng.randrange(len(now)), 100)
		    if rng.random() < 0.5: store(rng.randrange(len(now)), 1 << 20)
		    what = rng.random()
		    if what < 0.25:
		        size = rng.randrange(1 << 20, MOST)
		        os.ftruncate(fd, size)
		        now = now[:size] + bytes(max(0, size - len(now)))
		        if rng.random() < 0.5: store(rng.randrange(size), 1 << 20)
		    look("a store")
		    if what < 0.7:
		        bigfile.commit()
		        committed = bytearray(now)
		    elif what < 0.9:
		        bigfile.abort()
		        now = bytearray(committed)
		    look("an end")
		    if what < 0.1: private()
		if os.fork() == 0:
		    look("in a child, what")
		    os._exit(0)
		if os.wait()[1]: sys.exit(1)
		store(0, 1 << 20)
		bigfile.commit()
		open("wanted", "wb").write(now)
		sys.stdout.flush()
		os._exit(0)
	PY
	rm -f data.bin
	: >data.bin
	BIGFILE_MEMORY=1M PYTHONPATH=$BATS_TEST_DIRNAME/../python bigfile run -p "$PWD/data.bin" -- /usr/bin/python3 program.py "$1"
	cmp data.bin wanted
	no_journal
}
@test "what was added is taken back, cut, grown and shared" { each_tracker added_and_taken_back $RANDOM; }

# Of two steps of that what stays lies side by side, and the kernel makes a large page of it.
large_pages() {
	cat >program.py <<-'PY'
		import bigfile, ctypes, mmap, os, sys
		M, fd = 1 << 20, os.open("data.bin", os.O_RDWR)
		libc = ctypes.CDLL(None)
		libc.mmap.restype = ctypes.c_void_p
		at = libc.mmap(None, ctypes.c_size_t(64 * M), 3, mmap.MAP_SHARED, fd, ctypes.c_long(0))
		def advise(start, end, advice):
		    return libc.madvise(ctypes.c_void_p(at + start * M), ctypes.c_size_t((end - start) * M), advice)
		def store(start, end, letter, ends=True):
		    ctypes.memset(at + start * M, ord(letter), (end - start) * M)
		    if ends: bigfile.commit()
		os.ftruncate(fd, 5 * M)
		store(0, 5, "a")
		store(4, 5, "b")
		os.ftruncate(fd, 8 * M)
		advise(0, 8, mmap.MADV_HUGEPAGE)
		if sys.argv[1] == "behind":
		    store(4, 8, "c", False)
		else:
		    store(5, 8, "c")
		    store(5, 6, "d")
		    store(4, 6, "e", False)
		if advise(4, 6, 25): # MADV_COLLAPSE
		    print("no large pages")
		bigfile.commit()
		open("wanted", "wb").write(ctypes.string_at(at, 8 * M))
		sys.stdout.flush()
		os.kill(os.getpid(), 9)
	PY
	rm -f data.bin
	: >data.bin
	BIGFILE_MEMORY=64K PYTHONPATH=$BATS_TEST_DIRNAME/../python bigfile run -p "$PWD/data.bin" -- /usr/bin/python3 program.py "$1" >out || true
	cat out
	bigfile recover data.bin
	cmp data.bin wanted
	[ ! -s out ] || skip "no large pages to be had here"
}
@test "what stays and becomes a large page is committed" { each_tracker large_pages between; }
@test "what stays and becomes a large page with what is added next is committed" { each_tracker large_pages behind; }

kept() {
	rm -f data.bin
	truncate -s 4M data.bin
	BIGFILE_MEMORY=256K timeout 900 "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/keeps" data.bin 1024 2 30
	no_journal
	: >data.bin
	BIGFILE_MEMORY=256K timeout 900 "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/keeps" data.bin 4096 2 30
	no_journal
}
@test "threads find what they stored while copies are dropped" { each_tracker kept; }

# At nearly each commit.
fuzzed() {
	BIGFILE_MEMORY=16K run bigfile run -p "$PWD/data.bin" -- "$PROGS/fuzz" data.bin 15000 "$RANDOM$RANDOM" --end=0
	echo "$output"
	[[ "$output" == *": ok" ]]
	cmp data.bin data.bin.wanted
	no_journal
}
@test "15,000 random operations, while copies are dropped" { each_tracker fuzzed; }

# Applying cuts the file first, and what is long is taken out of the view after that.
cut_and_grown() {
	letters data.bin 40000000
	BIGFILE_MEMORY=1M bigfile run -p "$PWD/data.bin" -- "$PROGS/play" open:data.bin map:0:40000000 trunc:1000003 trunc:40000000 \
		fill:0:2000000:36000000:X msync:0 get:0:3000000 trunc:30000000 trunc:39000000 fill:0:31000000:7000000:Y msync:0 get:0:3000000 \
		get:0:31000000 exit:0 >out
	[ "$(tr -d '\n' <out)" = XXY ]
	{
		head -c 1000003 /dev/zero | tr '\0' a
		head -c 999997 /dev/zero
		head -c 28000000 /dev/zero | tr '\0' X
		head -c 1000000 /dev/zero
		head -c 7000000 /dev/zero | tr '\0' Y
		head -c 1000000 /dev/zero
	} >wanted
	cmp data.bin wanted
	no_journal
}
@test "a file that is cut and grows in one long record, while copies are dropped" { each_tracker cut_and_grown; }

# Whatever was stored to is looked at by each commit, until it is at rest.
at_rest() {
	letters data.bin 67108864
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/rests" data.bin 64 600
	echo "$output"
	[ "${lines[-1]}" = rested ]
	bigfile recover data.bin
	[ "$(tr -cd X <data.bin | wc -c)" = 32 ]
	[ "$(tr -cd Z <data.bin | wc -c)" = 32 ]
	[ "$(tr -cd Y <data.bin | wc -c)" = 0 ]
}
@test "what no commit was about for some seconds leaves the page table, and all is found that is stored there later" { TRACKERS=uffd each_tracker at_rest; }
