# A machine whose memory is a marked file: a commit is a snapshot of it.
load helpers

setup_file() { command -v qemu-system-x86_64 >/dev/null && [ "$(uname -m)" = x86_64 ] || skip "no qemu-system-x86_64 here"; }

# A fresh memory, and the guest for it.
machine() {
	as --32 -o guest.o "$BATS_TEST_DIRNAME/progs/guest.s"
	ld -m elf_i386 -e 0xf0000 -Ttext 0xf0000 --oformat binary -o guest.bin guest.o
	truncate -s 64M ram.bin
	[ -z "${as:-}" ] || chown 65534 ram.bin
}

# start FILE [OPTION...]: a machine with that memory.  as: a command that makes it another user's.  monitor: its standard input.
# pid: its process.
start() {
	local file=$1
	shift
	${as:-} "$BIGFILE" run -p "$PWD/*.bin" -- qemu-system-x86_64 -accel tcg -nodefaults -no-user-config -display none \
		-bios guest.bin -m 64 -object "memory-backend-file,id=ram,size=64M,mem-path=$file,share=on" \
		-machine pc,memory-backend=ram "$@" <"${monitor:-/dev/null}" >>out 2>>err &
	pid=$!
}
commit() { ${as:-} "$BIGFILE" commit "$pid"; }

# The words of the guest's state that a file holds, by their names.
look() {
	local words
	words=($(od -An -v -t u4 -j $((0x200000)) -N 20 "$1"))
	turns=${words[1]} starts=${words[3]} bad=${words[4]}
}
has_taken() { commit && look "$1" && [ "$turns" -gt "$2" ]; }
# at_work FILE TURNS: it is committed that the guest is beyond that turn.
at_work() { until_true 60 has_taken "$@" 2>>err; }

# At any one instant the pages up to some place hold the turn that was begun, all others the one before.
is_one_instant() {
	python3 - "$1" <<-'END'
		import struct, sys
		ram = open(sys.argv[1], "rb").read()
		begun, ended = struct.unpack_from("<2I", ram, 0x200004)
		pages = [struct.unpack_from("<I", ram, 0x300000 + i * 0xc000)[0] for i in range(1024)]
		new = pages.count(begun)
		print("begun", begun, "ended", ended, "new", new)
		assert begun - ended in (0, 1) and pages == [begun] * new + [begun - 1] * (1024 - new) and (new == 1024 or begun > ended)
	END
}

live() {
	local before i first
	machine
	start ram.bin
	at_work ram.bin 10
	first=$pid
	for i in {1..5}; do
		before=$turns
		commit
		is_one_instant ram.bin
		look ram.bin
		[ "$turns" -ge "$before" ]
	done
	[ "$starts $bad" = "1 0" ]
	# Another machine goes on from there, beside the first.
	cp --preserve=ownership ram.bin other.bin
	before=$turns
	start other.bin
	at_work other.bin $((before + 10))
	[ "$starts $bad" = "2 0" ]
	kill -9 $pid
	wait $pid || true
	pid=$first
	at_work ram.bin "$before"
	[ "$starts $bad" = "1 0" ]
	# What was not committed ends with the machine.
	before=$(sum ram.bin)
	kill -9 $pid
	wait $pid || true
	${as:-} "$BIGFILE" recover ram.bin other.bin
	[ "$(sum ram.bin)" = "$before" ]
	start ram.bin
	at_work ram.bin "$turns"
	[ "$starts $bad" = "2 0" ]
	kill $pid
	wait $pid
	is_one_instant ram.bin
	no_journal
}
@test "a commit under a running guest is a state that another machine goes on from" { each_tracker live; }

@test "and so it is for an ordinary user" {
	as_nobody_can_reach
	mkdir own
	chmod 777 own
	cd own
	as=$AS_NOBODY
	TRACKERS=uffd each_tracker live
}

# say WORD...: a command to the machine, by its monitor.
say() { echo "$*" >&7; }
answered() { grep -q "$1" out; }

# The memory from the file, the rest of the machine by migration: the guest is not even started again.
with_devices() {
	local before monitor=monitor
	machine
	mkfifo monitor
	exec 7<>monitor
	start ram.bin -monitor stdio
	at_work ram.bin 10
	say stop
	say migrate_set_capability x-ignore-shared on
	say 'migrate "exec:cat >state"'
	until_true 60 eval 'say info migrate; answered "Migration status: completed"'
	commit
	look ram.bin
	before=$turns
	is_one_instant ram.bin
	kill -9 $pid
	wait $pid || true
	start ram.bin -monitor stdio -incoming defer
	say migrate_set_capability x-ignore-shared on
	say 'migrate_incoming "exec:cat state"'
	# As soon as it has come in.
	until_true 60 eval 'say cont; has_taken ram.bin $before' 2>>err
	[ "$starts $bad" = "1 0" ]
	kill -9 $pid
	wait $pid || true
	is_one_instant ram.bin
}
@test "with what migration tells of its devices the machine itself goes on" { each_tracker with_devices; }
