# What a program sees of the folders in which its marked files are: its own files.
load helpers

listings() { /usr/bin/python3 "$TOP/tests/progs/listing.py"; }
# lists NAME...: every one of libc's ways lists just these.
lists() {
	cat out
	[ "$(grep -cE '^(readdir|readdir64|readdir_r|scandir|scandirat|getdents64) ' out)" = 6 ]
	! cut -d' ' -f2- out | grep -vx "$*"
}
setup() {
	needs_module ctypes libpython3-stdlib
	cd "$BATS_TEST_TMPDIR"
	mkdir d
	cd d
	for n in 1.bin 2.bin 3.bin; do letters $n 9000; done
}
under() { bigfile run -p "$PWD/" -- "$@"; }

@test "neither journals nor what the transaction has deleted" {
	under "$PROGS/play" open:1.bin map:0:9000 set:0:0:A unlink:2.bin \
		system:"ls -A; /usr/bin/python3 '$TOP/tests/progs/listing.py' >../out; /bin/ls -A" exit:1 || true
	mv ../out .
	lists 1.bin 3.bin
	rm out
	[ "$(echo *)" = "1.bin 2.bin 3.bin" ]
}

@test "a folder is copied, and removed, as if there were no transaction" {
	under sh -c 'printf A >1.bin; exec 3>>2.bin; printf B >&3; cp -r . ../copy; exit 1' || true
	[ "$(cd ../copy; echo *)" = "1.bin 2.bin 3.bin" ]
	[ "$(cat ../copy/1.bin)" = A ]
	[ "$(stat -c %s ../copy/2.bin)" = 9001 ]
	[ "$(stat -c %s 1.bin 2.bin 3.bin | paste -sd' ')" = "9000 9000 9000" ]
	cd ..
	bigfile run -p "$PWD/d/" -- sh -c 'printf A >d/1.bin; exec 3>>d/2.bin; printf B >&3; rm -r d; ls -A d; exec true'
	[ ! -e d ]
}

@test "a file that a crash has left aside is back, under its name" {
	under "$PROGS/play" open:1.bin map:0:9000 set:0:0:A unlink:2.bin raise:9 || true
	[ -e 2.bin.bigfile-unlinked ]
	under /usr/bin/python3 "$TOP/tests/progs/listing.py" >../out
	mv ../out .
	lists 1.bin 2.bin 3.bin
	rm out
	bigfile recover .
	[ "$(echo *)" = "1.bin 2.bin 3.bin" ]
}

@test "the journal of a file that is not marked is a file as any, and the tool sees them all" {
	under "$PROGS/play" open:1.bin map:0:9000 set:0:0:A msync:0 raise:9 || true
	[ -e 1.bin.bigfile-journal ]
	bigfile run -p "$PWD/2.bin" -- ls | grep -qx 1.bin.bigfile-journal
	[ "$(under ls -A)" = $'1.bin\n2.bin\n3.bin' ]
	under sh -c '"$BIGFILE" recover .'
	[ "$(echo *)" = "1.bin 2.bin 3.bin" ]
	[ "$(byte 1.bin 0)" = A ]
}

# Whose file was deleted without Bigfile after a crash.
@test "a journal that is nobody's is seen, and the folder can be removed" {
	under "$PROGS/play" open:1.bin map:0:9000 set:0:0:A msync:0 raise:9 || true
	rm 1.bin
	[ "$(under ls -A)" = $'1.bin.bigfile-journal\n2.bin\n3.bin' ]
	cd ..
	bigfile run -p "$PWD/d/" -- rm -r d
	[ ! -e d ]
}
