# An array of ten numbers, A, and two parts of it that overlap: a = A[0:5], b = A[3:10].
load helpers
load stock

files=db.npy
shows() { answered "$1" && unchanged; }
holds() { [ "$(python -c 'import numpy; print(*numpy.fromfile("db.npy", "i8"))')" = "$1" ]; }

slices() {
	place
	python -c 'import numpy; numpy.zeros(10, "i8").tofile("db.npy")'
	before=$(state)
	feed /usr/bin/python3 "$BATS_TEST_DIRNAME/progs/slices.py" "$1"
	say 'set a 4 1'
	shows '0 0 0 0 1 | 0 1 0 0 0 0 0'
	say 'set a 4 2'
	shows '0 0 0 0 2 | 0 2 0 0 0 0 0'
	say 'set b 0 3' 'set b 6 4'
	shows '0 0 0 3 2 | 3 2 0 0 0 0 0'
	shows '0 0 0 3 2 | 3 2 0 0 0 0 4'
	bigfile abort $pid
	say look
	shows '0 0 0 0 0 | 0 0 0 0 0 0 0'
	say 'set a 4 5' 'set b 1 6' 'set b 2 7'
	answered '0 0 0 0 6 | 0 6 7 0 0 0 0'
	bigfile commit $pid
	holds '0 0 0 0 6 7 0 0 0 0'
	before=$(state)
	say 'set a 3 8'
	shows '0 0 0 8 6 | 8 6 7 0 0 0 0'
	bigfile abort $pid
	say look
	shows '0 0 0 0 6 | 0 6 7 0 0 0 0'
	say 'set b 0 9'
	shows '0 0 0 9 6 | 9 6 7 0 0 0 0'
	"${@:2}"
	no_journal
}
exits() {
	finish
	holds '0 0 0 9 6 7 0 0 0 0'
}
fails() {
	say 'exit 3'
	finish 3
	unchanged
}
is_killed() {
	killed
	recovered
	unchanged
}
# The child first: left alone it would exit with status 0.
all_killed() {
	pkill -9 -P $pid
	is_killed
}

needs_numpy() { needs_module numpy python3-numpy; }
@test "two maps that overlap, exit 0" { needs_numpy; each_tracker slices memmap exits; }
@test "two maps that overlap, exit 3" { needs_numpy; each_tracker slices memmap fails; }
@test "two maps that overlap, kill -9" { needs_numpy; each_tracker slices memmap is_killed; }
@test "two addresses, exit 0" { needs_numpy; each_tracker slices addresses exits; }
@test "two addresses, exit 3" { needs_numpy; each_tracker slices addresses fails; }
@test "two addresses, kill -9" { needs_numpy; each_tracker slices addresses is_killed; }
@test "a forked child has the second part, kill -9 of both" { needs_numpy; each_tracker slices child all_killed; }
@test "a forked child inherited the second part, kill -9 of both" { needs_numpy; each_tracker slices inherited all_killed; }
