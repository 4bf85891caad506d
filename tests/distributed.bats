# Several machines: the short form of scripts/test-distributed, which tells by itself why it cannot be done somewhere.
load helpers

@test "three machines: hand-overs, kill -9, a cable, a client, one server, two servers" {
	LIMIT=400 BIGFILE_BUILD=$BUILD run "$TOP/scripts/test-distributed" --quick
	echo "$output"
	[ "$status" != 77 ] || skip "${lines[-1]#skipped: }"
	[ "$status" = 0 ]
}
