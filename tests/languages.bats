load helpers
load stock

# One file by channel and map together.
java_channel() {
	files=db.txt
	fresh() { lines 0 >db.txt; }
	start() { feed java -XX:TieredStopAtLevel=1 -cp "$BATS_FILE_TMPDIR" Channel db.txt; }
	unfinished() { say "put $1"; answered "put $1"; }
	put() { unfinished $1; }
	durable() { put $1; say "force $1"; answered "force $1"; }
	reread() { say look; answered "look $*"; }
	fail() { say 'exit 3'; finish 3; }
	content() { cat db.txt; }
	story
}
@test "java, channel and map" {
	needs javac
	javac -d "$BATS_FILE_TMPDIR" "$BATS_TEST_DIRNAME/progs/Channel.java"
	each_tracker java_channel
}

# The same batches in five files, each by another way.
python_ways() {
	files="db.txt db.map db.npy db.memmap.npy db.raw"
	fresh() { python "$BATS_TEST_DIRNAME/progs/ways.py" <<<"put 0"; }
	start() { feed /usr/bin/python3 "$BATS_TEST_DIRNAME/progs/ways.py"; }
	unfinished() { say "put $1"; answered "put $1"; }
	put() { unfinished $1; }
	durable() { put $1; say "sync $1"; answered "sync $1"; }
	reread() { say look; answered "look $*"; }
	fail() { say 'exit 3'; finish 3; }
	content() {
		for f in db.map db.raw; do cmp db.txt $f; done
		for f in db.npy db.memmap.npy; do tail -c +129 $f | cmp db.txt -; done
		cat db.txt
	}
	story
	content() { python "$BATS_TEST_DIRNAME/progs/ways.py" <<<print; }
	holds 0 1 2 4 6 7
}
@test "python and numpy, by write, resize, save, open_memmap and tofile" {
	needs_module numpy python3-numpy
	each_tracker python_ways
}
