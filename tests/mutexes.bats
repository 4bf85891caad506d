# Locks that processes may share, in a window: who waits for one is woken, and gets it.
load helpers

KINDS="mutex robust cond rwlock barrier sem"

each_kind() {
	local kind
	for kind in $KINDS; do
		echo "# $kind"
		rm -f data.bin*
		truncate -s 1M data.bin
		timeout 120 "$@" "$kind"
	done
}

@test "what the kinds expect is so without Bigfile" { each_kind "$PROGS/mutexes" data.bin plain; }

with_bigfile() { each_kind "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/mutexes" data.bin "$1"; }
@test "who waits is woken, though another process has come to the file meanwhile" { each_tracker with_bigfile met; }
@test "who waits is woken, whoever commits meanwhile" { each_tracker with_bigfile busy; }
