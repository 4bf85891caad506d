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

kept() {
	rm -f data.bin
	truncate -s 4M data.bin
	BIGFILE_MEMORY=256K timeout 900 "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/keeps" data.bin 1024 2 30
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
