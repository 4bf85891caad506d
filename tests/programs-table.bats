# A part of the table of stock programs, each through all scenarios: ./scripts/programs makes the whole of it.
load helpers

table() {
	cp -r "$TOP/scripts" "$TOP/tests" .
	mkdir -p build/.libs
	cp "$BUILD/bigfile" "$BUILD/bigfile-tool" build/
	cp "$BUILD/.libs/libbigfile.so" build/.libs/
	./scripts/programs --quick --markdown page.md "$@" 2>&1 | tee out
	grep -q '^| rrdtool | [0-9.]* | .* | ✓ | ✓ | ✓ ' page.md
}
needs_all() {
	local p
	for p in rrdtool gdbmtool lmdb-utils python3-lmdb sqlite3 python3-numpy; do
		dpkg-query -W "$p" >/dev/null 2>&1 || skip "$p is not installed"
	done
}

@test "stock programs, each scenario from the beginning, a power cut too" {
	needs_all
	[ "$(id -u)" = 0 ] || skip "cutting the power needs root"
	table
	grep -q "^[0-9]* passed, 0 failed" out
	[ "$(grep -o ' passed' out | wc -l)" -ge 34 ]
}

@test "and as an ordinary user" {
	needs_all
	[ "$(id -u)" != 0 ] || as=--user
	table ${as:-} lmdb-map rrdtool
	grep -q "^[0-9]* passed, 0 failed" out
}
