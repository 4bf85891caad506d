load helpers
load stock

api() { bigfile run -p "$PWD/data.bin" -- "$PROGS/api" data.bin "$@"; }

commits() {
	run api set:1:X commit set:2:Y status
	[ "$output" = "active 1 files 1 dirty 1 resized 0 tracker $BIGFILE_TRACKER" ]
	[ "$(at 1 2)" = Xa ]
}
@test "a program commits by itself" { each_tracker commits; }

aborts() {
	run api set:1:X commit set:1:Y set:2:Y truncate:9000 status abort get:1 get:2 status
	[ "$output" = "active 1 files 1 dirty 2 resized 1 tracker $BIGFILE_TRACKER"$'\nX\na\n'"active 1 files 1 dirty 0 resized 0 tracker $BIGFILE_TRACKER" ]
	[ "$(at 1 2)" = Xa ]
	[ "$(stat -c %s data.bin)" = 20000 ]
}
@test "and rolls back by itself" { each_tracker aborts; }

fails() {
	run env BIGFILE_LOG=error strace -f -qq -o trace -e inject=fdatasync:error=EIO:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		-E BIGFILE_PATHS="$PWD/data.bin" "$PROGS/api" data.bin set:1:X commit commit set:2:Y
	[[ $output == *"commit: Input/output error"* ]]
	[ "$(at 1 2)" = Xa ]
}
@test "a commit that fails says so, and can be tried again" { each_tracker fails; }

@test "without Bigfile the calls do nothing" {
	letters data.bin 20000
	run "$PROGS/api" data.bin set:1:X commit set:2:Y abort get:2 status
	[ "$output" = $'Y\nactive 0 files 0 dirty 0 resized 0 tracker none' ]
	run bigfile run -p "$PWD/other" -- "$PROGS/api" data.bin set:3:Z abort commit get:3 status
	[[ $output == *$'Z\nactive 1 files 0 dirty 0 resized 0 tracker none' ]]
}

@test "the header compiles as strict C and as C++" {
	echo '#include <bigfile.h>
	int main(void) { struct bigfile_status s; return bigfile_commit() | bigfile_abort() | bigfile_status(&s); }' >x.c
	for std in c99 c11; do gcc -std=$std -Wall -Wextra -Wpedantic -Werror -I"$TOP/include" -fsyntax-only x.c; done
	[ -n "$(command -v g++)" ] || skip "g++ is not installed"
	g++ -std=c++11 -Wall -Wextra -Werror -I"$TOP/include" -x c++ -o x x.c
	./x
}

# A file of two accounts, then killed: what the lines of libbigfile(3) have moved is there.
example_of_the_page() {
	{
		echo '#include <bigfile.h>
		#include <fcntl.h>
		#include <signal.h>
		#include <stdio.h>
		#include <sys/mman.h>
		int main(int argc, char **argv)
		{
			long *balance = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open(argv[1], O_RDWR), 0), amount = 30;
			int from = 0, to = 1;'
		sed -n '/^\.SH EXAMPLES/,/^\.fi/{/^\./d;s/\\-/-/g;p}' "$TOP/man/libbigfile.3"
		echo 'balance[0] = 0;
			return raise(SIGKILL);
		}'
	} >example.c
	gcc -Wall -Werror -I"$TOP/include" -o example example.c
	head -c 4096 /dev/zero >data.bin
	bigfile run -p "$PWD/data.bin" -- ./example data.bin || [ $? = 137 ]
	bigfile recover data.bin
	[ "$(od -An -td8 -N16 data.bin | tr -s ' ')" = ' -30 30' ]
}
@test "the example of libbigfile(3) transfers" { each_tracker example_of_the_page; }

py() { PYTHONPATH=$TOP/python bigfile run -p "$PWD/data.bin" -- /usr/bin/python3 -c "$@"; }

blocks() {
	py '
import bigfile, numpy as np, os, threading
a = np.memmap("data.bin", dtype="u1", mode="r+")
a[0] = 66
with bigfile.transaction():
    assert open("data.bin", "rb").read(1) == b"B"
    a[1:9000] = 67
try:
    with bigfile.transaction():
        a[2:15000] = 68
        assert bigfile.status().dirty_pages > 1
        raise KeyError
except KeyError:
    pass
assert a[0] == 66 and (a[1:9000] == 67).all() and (a[9000:] == 97).all()
assert bigfile.status() == (True, 1, 0, 0, os.environ["BIGFILE_TRACKER"])
try:
    with bigfile.transaction():
        with bigfile.transaction(): pass
except RuntimeError: pass
def add():
    for _ in range(20):
        with bigfile.transaction():
            a[100] += 1
a[100] = 0
threads = [threading.Thread(target=add) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
assert a[100] == 60
a[1] = 70
os._exit(1)'
}
python_blocks() {
	run blocks
	echo "$output"
	[ "$status" = 1 ]
	[ -z "$output" ]
	[ "$(at 0 1 2 8999 9000)" = BCCCa ]
	[ "$(at 100)" = '<' ]
}
@test "Python: a block is committed, an exception rolls it back" { needs_module numpy python3-numpy; each_tracker python_blocks; }

@test "Python without Bigfile" {
	PYTHONPATH=$TOP/python run /usr/bin/python3 -c '
import bigfile
with bigfile.transaction(): pass
bigfile.abort()
print(bigfile.active(), bigfile.status())'
	[ "$output" = "False Status(active=False, files=0, dirty_pages=0, resized_files=0, tracker='')" ]
}

# A private environment with the module in it, as pip puts it there when it may fetch nothing; used for a block and for an exception.
installs() {
	/usr/bin/python3 -m venv --system-site-packages --without-pip venv
	PIP_NO_INDEX=1 venv/bin/python3 -m pip install -q --disable-pip-version-check "$@"
	letters data.bin 20000
	echo 'import bigfile, mmap, sys
with open("data.bin", "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
    with bigfile.transaction(): m[0:1] = b"X"
    with bigfile.transaction(): m[1:2] = sys.argv[1].encode()' >program.py
	run ! bigfile run -p "$PWD/data.bin" -- venv/bin/python3 program.py XY # no byte
	[ "$(at 0 1)" = Xa ]
	bigfile run -p "$PWD/data.bin" -- venv/bin/python3 program.py Y
	[ "$(at 0 1)" = XY ]
	[ "$(cd / && "$OLDPWD/venv/bin/python3" -c 'from importlib.metadata import version; print(version("bigfile"))')" = 0.1 ]
	rm -r venv
}
@test "Python: installed by pip, which fetches nothing" {
	/usr/bin/python3 -c 'import pip, venv' 2>/dev/null || skip "python3-pip is not installed"
	cp -r "$TOP/python" src
	installs ./src
	installs -e ./src
	(cd src && /usr/bin/python3 -c 'import backend; print(backend.build_sdist(".."))')
	installs ./bigfile-0.1.tar.gz
}
