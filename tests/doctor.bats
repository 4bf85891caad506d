load helpers

tells() { [[ $output == *"$1"* ]] || { echo "$output"; return 1; }; }

@test "doctor: where all is well" {
	letters data.bin 20000
	run -0 bigfile doctor data.bin
	tells "tracker: uffd"
	tells "data.bin: as last committed"
	run -0 bigfile doctor --json data.bin
	[ "$(jq -r '.[] | select(.subject == "tracker") | .level' <<<"$output")" = ok ]
	[ -z "$(ls -A | grep -v '^data.bin$')" ]
}

@test "doctor: without userfaultfd" {
	run -0 strace -f -qq -o trace -e inject=userfaultfd:error=EPERM "$BIGFILE" doctor
	tells "note     tracker: mprotect, slower where many pages change: userfaultfd is denied here"
	run -0 strace -f -qq -o trace -e inject=userfaultfd:error=ENOSYS "$BIGFILE" doctor
	tells "built without userfaultfd"
}

@test "doctor: a folder that cannot be written, and what is no file" {
	as_nobody_can_reach
	closed=$PWD/closed
	mkdir closed
	chmod 755 closed
	letters closed/data.bin 20000
	chmod 666 closed/data.bin
	run -1 as_nobody "$BIGFILE" doctor "$closed/data.bin"
	tells "problem  $closed/data.bin: no journal can be made in $closed: Permission denied"
	run -1 bigfile doctor /dev/null nothing
	tells "/dev/null: not a regular file"
	tells "nothing: No such file or directory"
}

@test "doctor: which tracker and view would be used, and why" {
	run -0 bigfile doctor
	tells "view: private memory, shared where"
	run -0 env BIGFILE_TRACKER=mprotect BIGFILE_VIEW=private "$BIGFILE" doctor
	tells "note     tracker: mprotect, because BIGFILE_TRACKER"
	tells "note     view: private, because BIGFILE_VIEW"
	printf '[bigfile]\nview=private\n[play]\ntracker=mprotect\n' >conf
	run -0 env -u BIGFILE_TRACKER BIGFILE_CONFIG="$PWD/conf" "$BIGFILE" doctor
	tells "ok       $PWD/conf: has settings"
	tells "ok       tracker: uffd"
	tells "note     view: private"
	echo 'view=private' >conf
	run -1 env BIGFILE_CONFIG="$PWD/conf" "$BIGFILE" doctor
	tells "problem  configuration: cannot be understood"
	run -1 strace -f -qq -o trace -E BIGFILE_TRACKER=uffd -e inject=userfaultfd:error=EPERM "$BIGFILE" doctor
	tells "problem  tracker: uffd, as BIGFILE_TRACKER wants, cannot be used: userfaultfd is denied"
}

@test "doctor: programs" {
	run -0 bigfile doctor sh "$PROGS/play"
	tells "/sh: a program that can have transactions"
	tells "$PROGS/play: a program that can have transactions"
	echo 'int main(void) { return 0; }' >x.c
	gcc -static -o x x.c
	printf '#!%s\n' "$PWD/x" >script
	chmod +x script
	run -1 bigfile doctor ./script
	tells "problem  $PWD/script: is linked statically"
	# Data is data, whoever may execute it.
	letters data.bin 20000
	chmod +x data.bin
	run -0 bigfile doctor data.bin
	tells "data.bin: as last committed"
}

@test "doctor: a journal that a crash has left" {
	letters data.bin 20000
	play map:0:20000 set:0:1:X msync:0 raise:9 || true
	run -0 bigfile doctor data.bin
	tells "recovered when it is next opened"
	bigfile recover data.bin
	run -0 bigfile doctor data.bin
	tells "as last committed"
}
