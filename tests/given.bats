# What calls are given by address - paths, addresses, options, times - lies in a page of a shared window that has not been touched.  Each row is a call.
load helpers

given() {
	rm -rf ./*
	truncate -s 64M data.bin
	run timeout 100 "$@"
	echo "$output"
	[ "$status" = 0 ] && [ -z "$output" ]
}

@test "what the rows expect is so without Bigfile" { given "$PROGS/given" data.bin plain; }

untouched() { given "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/given" data.bin "$1"; }
@test "calls read what they are given where nothing has been touched" { each_tracker untouched quiet; }
@test "the same while another process stores and commits all the time" { each_tracker untouched busy; }

long_words() { given "$BIGFILE" run -p "$PWD/data.bin" -- "$PROGS/longwords" data.bin; }
@test "words that are longer than the stack of the thread that starts a program" { each_tracker long_words; }
