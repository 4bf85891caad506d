load helpers

# fuzz OPS SEED STATUS [OPTION]: on data.bin, marked; what it prints tells how to repeat a failure.
fuzz() {
	run bigfile run -p "$PWD/data.bin" -- "$PROGS/fuzz" data.bin "$1" "$2" --end="$3" "${@:4}"
	echo "$output"
	[[ "$output" == *": ok" ]]
	[ "$status" = "$3" ]
	bigfile recover data.bin
	no_journal
	cmp data.bin data.bin.wanted
}
same_seed() { fuzz 35000 1 0; }
@test "35,000 random operations agree with the model, on each tracker" { each_tracker same_seed; }

new_seed() { fuzz 15000 "$RANDOM$RANDOM" 1; }
@test "15,000 operations of a seed that is new each time" { each_tracker new_seed; }

shared() { fuzz 15000 "$RANDOM$RANDOM" 0 --shared; }
@test "15,000 operations on a file that two processes share" { each_tracker shared; }

# What is only so until a file is first mapped, written or cut: many beginnings, each with another file.
beginnings() {
	local i size
	for i in {1..15}; do
		size=$((i % 3 ? RANDOM : RANDOM % 8 * 4096))
		echo "a file of $size bytes, status $((i % 2))"
		letters data.bin $size
		fuzz 100 "$RANDOM$RANDOM" $((i % 2))
	done
}
@test "the first 100 operations of new seeds, fifteen times" { each_tracker beginnings; }

# What is stored behind the end of a file reads as zeros after growth only where the kernel cares for that.
@test "the model agrees with the kernel" {
	letters data.bin 20000
	"$PROGS/fuzz" data.bin 20000 "$RANDOM$RANDOM" --plain --without=tail
}

# names OPS OPTION...: six names, over which files are made, written, mapped, deleted, renamed and exchanged.
names() {
	rm -rf names
	mkdir names
	run "$PROGS/names" names "$1" "$RANDOM$RANDOM" "${@:2}"
	echo "$output"
	[[ "${lines[-1]}" == *": ok" ]]
}
of_names() {
	names 3000
	names 3000 --shared
	names 1000 --random-kills
}
@test "7,000 operations on names: aborts and kills leave each file where it was, with what it held" { each_tracker of_names; }
