# A private view becomes a shared one while threads store to it.
load helpers

no_store_lost() {
	local way
	for way in fork join fixed; do
		rm -f data.bin
		truncate -s 32M data.bin
		run --separate-stderr bigfile run -p "$PWD/data.bin" -- "$PROGS/promotion" run data.bin $way 0
		echo "$way: $output $stderr"
		[ "$status" = 0 ]
		"$PROGS/promotion" check data.bin $output
		no_journal
	done
}
@test "four threads store while it is promoted, by a fork, by a joining process, by a second address: no store is lost" { each_tracker no_store_lost; }
