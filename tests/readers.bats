load helpers

# Who may read a marked file of another user's, and not write it.  His folder is `d`.
AS_OWNER="setpriv --reuid 1 --regid 1 --clear-groups env -u XDG_RUNTIME_DIR"

two_users() {
	as_nobody_can_reach
	mkdir d
	letters d/data.bin 20000
	: >trace
	chown -R 1 d trace
	chmod 644 d/data.bin
	file=$PWD/d/data.bin
}

# owner WORD...: a play of his in the background; pid: its process.
owner() {
	$AS_OWNER "$BIGFILE" run -p "$file" -- "$PROGS/play" open:"$file" "$@" >out 2>err &
	pid=$!
}
# owner_dies_applying: of two pieces of a commit the file has one.
owner_dies_applying() {
	$AS_OWNER strace -f -qq -o trace -P "$file" -e inject=pwrite64:signal=SIGKILL:when=2 -E LD_PRELOAD="$BATS_TEST_TMPDIR/libbigfile.so" -E BIGFILE_PATHS="$file" \
		"$PROGS/play" open:"$file" map:0:20000 set:0:1:X set:0:9000:X msync:0 >/dev/null 2>&1 || true
	[ "$(byte d/data.bin 1)$(byte d/data.bin 9000)" = Xa ]
}
# The reader in the background, who may wait long.
start_reader() {
	$AS_NOBODY BIGFILE_WAIT=60 "$BIGFILE" run -p "$file" -- "$PROGS/play" "$@" exit:0 >seen 2>&1 &
	pid=$!
	until_true 60 grep -qx play /proc/$pid/comm
}
reader_has_seen() {
	wait $pid
	cat seen
	[ "$(cat seen)" = "$1" ]
}
reader() { as_nobody "$BIGFILE" run -p "$file" -- "$PROGS/play" "$@" exit:0; }

beside() {
	two_users
	owner map:0:4096 set:0:1:X msync:0 set:0:2:Y post:d/ready await:go
	until_true 60 test -e d/ready
	run reader open:"$file":ro read:0:4 romap:0:4096 get:0:1 get:0:2
	[ "$output" = $'aXaa\nX\na' ]
	# What a kill leaves in the middle of a transaction is all in the file: there is nothing to wait for.
	kill -9 $pid
	until_true 60 gone $pid
	[ -e "$file.bigfile-journal" ]
	run reader open:"$file":ro read:0:4 romap:0:4096 get:0:1 get:0:2
	[ "$output" = $'aXaa\nX\na' ]
}
@test "who may only read sees what is committed, beside another user's transaction and after its end" { each_tracker beside; }

waits() {
	two_users
	owner_dies_applying
	BIGFILE_WAIT=0.2 run reader open:"$file":ro
	[[ "$output" == *"$file: must be recovered, by who may write it: committed records are not yet in the file for good; "*"open: EACCES" ]]
	start_reader open:"$file":ro read:0:4 romap:0:12288 get:0:9000
	$AS_OWNER "$BIGFILE" recover "$file"
	reader_has_seen $'aXaa\nX'
}
@test "who may only read waits for a recovery that is not his" { each_tracker waits; }

waits_to_map() {
	two_users
	chmod 777 .
	BIGFILE_VIEW=private start_reader open:"$file":ro post:opened await:crashed romap:0:12288 get:0:1 get:0:9000
	until_true 60 test -e opened
	owner_dies_applying
	: >crashed
	$AS_OWNER "$BIGFILE" recover "$file"
	reader_has_seen $'X\nX'
}
@test "so does who had it open before the crash, and maps it after" { each_tracker waits_to_map; }

# The recovery takes a second, or two, before it writes the rest.
meets_recovery() {
	two_users
	owner_dies_applying
	$AS_OWNER strace -f -qq -o trace -P "$file" -e inject=pwrite64:delay_enter=2000000:when=1 "$BIGFILE" recover "$file" &
	until_true 60 eval '[[ $("$BIGFILE" check "$file") == *" busy: "* ]]'
	"$BIGFILE" run -p "$file" -- "$PROGS/play" open:"$file":ro romap:0:12288 get:0:1 get:0:9000 exit:0 >seen &
	run reader open:"$file":ro romap:0:12288 get:0:1 get:0:9000
	[ "$output" = $'X\nX' ]
	wait
	[ "$(cat seen)" = $'X\nX' ]
}
@test "who meets the recovery that another process is at waits for its end" { each_tracker meets_recovery; }

deleted() {
	two_users
	owner map:0:4096 set:0:1:X unlink:"$file" post:d/ready await:go
	until_true 60 test -e d/ready
	run reader open:"$file":ro
	[[ "$output" == *"matches no file yet"*"open: ENOENT" ]]
	kill -9 $pid
	until_true 60 gone $pid
	run reader open:"$file":ro
	echo "$output"
	[[ "$output" == *"$file: must be recovered, by who may write it: it was deleted in a transaction that did not end; "*"open: ENOENT" ]]
}
@test "a file that a crash has left deleted is not taken for gone without a word" { each_tracker deleted; }


# In the middle of an apply, for long: its disk is slow.
applying() {
	two_users
	$AS_OWNER strace -f -qq -o trace -P "$file" -e inject=pwrite64:delay_enter=60000000:when=2 -E LD_PRELOAD="$BATS_TEST_TMPDIR/libbigfile.so" -E BIGFILE_PATHS="$file" \
		"$PROGS/play" open:"$file" map:0:20000 set:0:1:X set:0:9000:X msync:0 >/dev/null 2>&1 &
	pid=$!
	until_true 60 grep -q X d/data.bin
	BIGFILE_WAIT=0.2 run reader open:"$file":ro read:0:4 romap:0:4096 get:0:1
	echo "$output"
	[[ "$output" == *"$file: process "*" is applying a commit, and has been for long: it is read beside that"* ]]
	[[ "$output" == *$'aXaa\nX' ]]
	kill -9 $(pgrep -P $pid)
	wait $pid || true
}
@test "who applies a commit for long does not keep readers out" { each_tracker applying; }
