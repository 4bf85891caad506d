load helpers
load disks

# on_disks N: the names of N files, by turns on one and on the other, in `files`; they are marked.
on_disks() {
	local i
	files=()
	for i in $(seq "$1"); do files+=("$PWD/$([ $((i % 2)) = 0 ] && echo e || echo x)/$i.bank"); done
	BIGFILE_PATHS=$(IFS=:; echo "${files[*]}")
	export BIGFILE_PATHS
}

preloaded() { env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$@"; }

# recovered: all files, in random order, twice.
recovered() {
	bigfile recover $(shuf -e "${files[@]}") >/dev/null
	bigfile recover $(shuf -e "${files[@]}") >/dev/null
}

no_journals() { [ -z "$(ls e x | grep -F .bigfile-journal)" ]; }

# BIGFILE_KILLS=500 for a longer one.
bank() { # WORKER FILES KILLS
	rm -f e/* x/* 2>/dev/null || true
	on_disks "$2"
	"$PROGS/bank" make "${files[@]}"
	run "$PROGS/bank" drive "$BIGFILE" "${BIGFILE_KILLS:-$3}" $RANDOM "$1" "${files[@]}"
	echo "$output"
	[ "$status" = 0 ]
	no_journals
}
@test "money is conserved over 16 files on two disks, whenever the bank is killed" {
	two_disks
	for BIGFILE_TRACKER in uffd mprotect; do
		export BIGFILE_TRACKER
		bank "$PROGS/bank" 16 5
	done
}

@test "and by a bank in Python" {
	two_disks
	bank "$TOP/tests/progs/bank.py" 16 4
}

# every STEP FIRST WORDS...: the bank's last transaction is killed at every STEP-th call; how often in `kills`.
every() {
	local step=$1 k=$2 before how ack
	shift 2
	before=$("$PROGS/bank" check "${files[@]}")
	for ((kills = 0;; kills++, k += step)); do
		how=0
		"$PROGS/killat" $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/bank" "$@" "${files[@]}" >ack 2>err || how=$?
		ack=$(tail -1 ack)
		[ $((RANDOM % 3)) != 0 ] ||
			"$PROGS/killat" -w bigfile-journal $((RANDOM % 150 + 1)) "$BIGFILE" recover $(shuf -e "${files[@]}") >/dev/null 2>&1 || true
		recovered
		run -0 "$PROGS/bank" check "${files[@]}"
		echo "call $k: ${ack:-$before} acknowledged, $output found"
		[ "$output" = "${ack:-$before}" ] || [ "$output" = $((${ack:-$before} + 1)) ]
		no_journals
		before=$output
		[ $how != 3 ] || break
	done
}

# BIGFILE_STEP=1 for each single one.
each_call_of_commit() {
	two_disks
	on_disks 4
	"$PROGS/bank" make "${files[@]}"
	every "${BIGFILE_STEP:-13}" $((RANDOM % 13 + 1)) some 1
	[ $kills -gt 7 ]
	every "${BIGFILE_STEP:-17}" $((RANDOM % 17 + 1)) some 3
	every "${BIGFILE_STEP:-17}" $((RANDOM % 17 + 1)) end
	[ $kills -gt 7 ]
}
@test "kill -9 at the system calls of a commit over four files, and of recovery" { each_call_of_commit; }

# A crash somewhere in the commit, then recovery killed at one call after the other.
@test "recovery of four files killed at its system calls" {
	local k n how
	two_disks
	on_disks 4
	"$PROGS/bank" make "${files[@]}"
	for ((k = RANDOM % 15 + 1;; k += ${BIGFILE_STEP:-15})); do
		"$PROGS/killat" $((RANDOM % 110 + 50)) env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/bank" some 1 "${files[@]}" >/dev/null 2>&1 || true
		how=0
		"$PROGS/killat" -w bigfile-journal $k "$BIGFILE" recover $(shuf -e "${files[@]}") >/dev/null 2>&1 || how=$?
		recovered
		run -0 "$PROGS/bank" check "${files[@]}"
		[ $how != 3 ] || break
	done
	echo "up to call $k"
	[ $k -gt 30 ]
}

@test "a power cut during a commit over four files on two disks, and during recovery" {
	local k ack before=0
	two_disks
	on_disks 4
	"$PROGS/bank" make "${files[@]}"
	sync
	for ((k = RANDOM % 40 + 1; k < 200; k += ${BIGFILE_STEP:-40})); do
		"$PROGS/killat" $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/bank" some 2 "${files[@]}" >ack 2>err || true
		ack=$(tail -1 ack)
		power_cut
		# Recovery of all is killed somewhere, or only one file was recovered before the next cut.
		if [ $((RANDOM % 2)) = 0 ]; then
			"$PROGS/killat" -w bigfile-journal $((RANDOM % 150 + 1)) unshare -m sh -c 'mount --bind boot_id /proc/sys/kernel/random/boot_id &&
				mount --bind stat /proc/stat && exec "$@"' - "$BIGFILE" recover $(shuf -e "${files[@]}") >/dev/null 2>&1 || true
		else
			after_boot "$BIGFILE" run -- head -c 1 "${files[RANDOM % 4]}" >/dev/null
		fi
		power_cut
		after_boot "$BIGFILE" recover $(shuf -e "${files[@]}")
		run -0 "$PROGS/bank" check "${files[@]}"
		echo "call $k: ${ack:-$before} acknowledged, $output found"
		[ "$output" = "${ack:-$before}" ] || [ "$output" = $((${ack:-$before} + 1)) ]
		before=$output
	done
}

# A participant is killed in a commit: another one completes it, or takes it back and commits it anew.
participant_dies() {
	local k
	rm -rf e x
	mkdir -p e x
	on_disks 4
	"$PROGS/bank" make "${files[@]}"
	for ((k = RANDOM % 30 + 1; k < 190; k += ${BIGFILE_STEP:-30})); do
		"$PROGS/killat" -1 $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/bank" pair "${files[@]}" >ack 2>err || true
		cat err
		recovered
		run -0 "$PROGS/bank" check "${files[@]}"
		echo "call $k: $(cat ack) acknowledged, $output found"
		[ "$output" = "$(cat ack)" ]
	done
}
@test "a participant dies in a commit over four files: the others have all of it" { each_tracker participant_dies; }

# The roster has no room: the coordinator's journal is replaced in that commit, and its maker dies before anybody else knows.
@test "a participant dies when it has replaced a journal: the others write to the new one" {
	local k folder
	folder=$(printf 'd%.0s' {1..200})
	mkdir $folder
	cd $folder
	mkdir e x
	on_disks 10
	for ((k = RANDOM % 12 + 20; k < 200; k += ${BIGFILE_STEP:-12})); do
		"$PROGS/bank" make "${files[@]}"
		"$PROGS/killat" -1 -w .new.bigfile-journal $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/bank" pair "${files[@]}" >ack 2>err || true
		recovered
		run -0 "$PROGS/bank" check "${files[@]}"
		echo "call $k: $(cat ack) acknowledged, $output found"
		[ "$output" = "$(cat ack)" ]
		no_journals
	done
}

@test "killed while a journal is being replaced: none is left after recovery" {
	local k folder
	folder=$(printf 'd%.0s' {1..200})
	mkdir -p $folder/e $folder/x
	cd $folder
	on_disks 10
	for k in 5 12 16 20 23; do
		"$PROGS/bank" make "${files[@]}"
		"$PROGS/killat" -w .new.bigfile-journal $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/bank" some 1 "${files[@]}" >/dev/null
		ls e x | grep -F .new.bigfile-journal
		bigfile recover "${files[@]}" >/dev/null
		no_journals
	done
}

count_syncs() { # FILES: of transaction 56 over so many
	strace -f -qq -o trace -e trace=fdatasync,fsync,personality,io_setup -e inject=io_setup:error=ENOSYS -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		"$PROGS/bank" some 56 "${files[@]:0:$1}" >/dev/null || true
	sed -n '/personality/,/personality/p' trace | grep -c sync
}
@test "one file is one sync, several files are one each" {
	mkdir e x
	on_disks 8
	"$PROGS/bank" make "${files[@]}"
	[ "$(count_syncs 1)" = 1 ]
	for n in 2 4 8; do
		"$PROGS/bank" make "${files[@]}"
		preloaded "$PROGS/bank" some 55 "${files[@]:0:$n}" >/dev/null || true
		bigfile recover "${files[@]}" >/dev/null
		cp e/* x/* .
		"$PROGS/bank" make "${files[@]}"
		syncs=$(count_syncs $n)
		changed=0
		for f in "${files[@]:0:$n}"; do cmp -s "$f" "$(basename "$f")" || changed=$((changed + 1)); done
		echo "$n files, $changed changed, $syncs syncs"
		# One more when a file decides for the first time.
		[ "$changed" -gt 1 ]
		[ "$syncs" = "$changed" ] || { [ $n = 8 ] && [ "$syncs" = $((changed + 1)) ]; }
	done
}

# play ab WORD...: windows 0 on a.bin and 1 on b.bin, both marked.
ab() { BIGFILE_PATHS=$PWD/a.bin:$PWD/b.bin "$@" "$PROGS/play" open:a.bin map:0:20000 open:b.bin map:0:20000 "${words[@]}"; }
fresh() { rm -f ./*.bin*; letters a.bin 20000; letters b.bin 20000; }
of_both() { echo "$(byte a.bin "$1")$(byte b.bin "$1")"; }

@test "msync of a range of one file commits all of both" {
	fresh
	words=(set:0:1:X set:1:9000:Y msync:0 raise:9)
	run ab preloaded
	[ "$(of_both 1)$(of_both 9000)" = XaaY ]
	bigfile recover a.bin b.bin
	[ "$(of_both 1)$(of_both 9000)" = XaaY ]
}

# Every sync of a commit over two files fails once, those of its journals at the same time being made one by one.
sync_fails() {
	local n state
	for n in $(seq 12); do
		fresh
		words=(set:0:1:X set:1:1:X msync:0 set:0:1:Y set:1:1:Y msync:0 set:0:1:Z set:1:1:Z msync:0 set:0:1:Q _exit:1)
		run ab strace -f -qq -o trace -e inject=io_setup:error=ENOSYS -e inject=$1:error=EIO:when=$n -E LD_PRELOAD="$BUILD/.libs/libbigfile.so"
		grep -q "E[A-Z]* .*INJECTED" <(grep -v io_setup trace) || break
		bigfile recover a.bin b.bin
		state=$(of_both 1)
		echo "$1 $n: $state: $output"
		# At most one of the three failed, and the next one has it all.
		case $state in
		ZZ) ;;
		YY) [[ "$output" == *msync:* ]] ;;
		XX) [[ "$output" == *"committed, but the file cannot be written"* ]] ;;
		aa) [[ "$output" == *map:* ]] ;;
		*) false ;;
		esac
		no_journal
	done
	echo "$1: $n tried"
	[ "$n" -gt 2 ]
}
@test "each sync fails once: all files or none, and the next commit has it" {
	sync_fails fdatasync
	sync_fails pwrite64
}

# A journal is replaced because its sync failed once, and then its file gets another name: the roster that had it does not look for the old one.
@test "a companion whose journal was replaced, under another name: nothing is kept after recovery" {
	local n renamed=0
	for n in $(seq 2 6); do
		fresh
		words=(set:0:1:X set:1:1:X msync:0 set:1:1:Y msync:1 set:1:1:Z msync:1 rename:b.bin:c.bin set:0:1:W set:1:1:W msync:0 raise:9)
		run env BIGFILE_PATHS="$PWD/*.bin" strace -f -qq -o trace -e inject=io_setup:error=ENOSYS -e inject=fdatasync:error=EIO:when=$n \
			-E LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:a.bin map:0:20000 open:b.bin map:0:20000 "${words[@]}"
		[ ! -e c.bin ] || renamed=$((renamed + 1))
		bigfile recover ./*.bin
		no_journal
	done
	[ $renamed -gt 1 ]
}

# The coordinator's sync fails, and so does everything after it: nobody can know.
@test "a disk that fails in the deciding sync, and stays so: nothing is torn after recovery" {
	fresh
	for n in 2 3 4 5; do
		fresh
		words=(set:0:1:X set:1:1:X msync:0 set:0:1:Y set:1:1:Y msync:0 set:0:1:Z set:1:1:Z msync:0 get:0:1 _exit:1)
		run ab strace -f -qq -o trace -e inject=io_setup:error=ENOSYS -e inject=fdatasync:error=EIO:when=$n+ -E LD_PRELOAD="$BUILD/.libs/libbigfile.so"
		echo "$output"
		[[ "$output" == *"msync: EIO"* ]]
		bigfile recover a.bin b.bin
		echo "$n: $(of_both 1)"
		[[ $(of_both 1) = @(aa|XX|YY) ]]
		no_journal
	done
}

# A crash in the middle of the second commit over a.bin and b.bin: after both records are prepared, or after the deciding one.
crash_in_commit() { # prepared|decided
	fresh
	words=(set:0:1:X set:1:1:X msync:0 set:0:1:Y set:1:1:Y msync:0)
	# The first commit syncs the roster, the companion and the coordinator.
	run ab strace -f -qq -o trace -e inject=io_setup:error=ENOSYS -e inject=fdatasync:signal=SIGKILL:when=$([ $1 = prepared ] && echo 4 || echo 5) \
		-E LD_PRELOAD="$BUILD/.libs/libbigfile.so"
	[ "$(of_both 1)" = XX ]
	# Which of them decides.
	[ -z "${BIGFILE_JOURNAL_DIR:-}" ] || return 0
	lead=$(basename "$(grep -l BCMP ./*.bigfile-journal)" .bigfile-journal)
	other=$([ "$lead" = a.bin ] && echo b.bin || echo a.bin)
}

# The page cache says that it is settled; whether the disk does, no sync tells any more.
@test "a companion's journal whose sync failed in recovery is written once more before the coordinator's goes" {
	local first other
	letters a.bin 9000
	letters b.bin 9000
	export BIGFILE_PATHS=$PWD/a.bin:$PWD/b.bin
	# The one with the lower inode number decides.
	read -r first other < <(ls -i a.bin b.bin | sort -n | sed 's/.* //' | xargs)
	strace -f -qq -o trace -e inject=fdatasync:signal=SIGKILL:when=3 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
		"$PROGS/play" open:a.bin map:0:9000 open:b.bin map:0:9000 set:0:0:A set:1:0:A msync:0 exit:0 || true
	run strace -f -qq -y -o trace -e trace=fdatasync -e inject=fdatasync:error=EIO:when=4 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:$first exit:0
	[[ "$output" == *EIO* ]]
	grep "fdatasync(.*/$other.bigfile-journal.*EIO" trace
	strace -f -qq -y -o trace -e trace=pwrite64,fdatasync,unlinkat -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:$first map:0:4096 exit:0
	sed "/unlinkat.*$first.bigfile-journal/,\$d" trace | grep -A9 "pwrite64(.*/$other.bigfile-journal>, \"BCRD" | grep "fdatasync(.*/$other.bigfile-journal"
	"$PROGS/play" open:$other
	bigfile recover a.bin b.bin
	[ "$(byte a.bin 0)$(byte b.bin 0)" = AA ]
}

@test "check tells what is in doubt, and recover of one file recovers the others too" {
	crash_in_commit prepared
	run bigfile check .
	echo "$output"
	[ "$status" = 1 ]
	bigfile recover "$lead"
	[ "$(of_both 1)" = XX ]
	no_journal
	crash_in_commit decided
	bigfile recover "$other"
	[ "$(of_both 1)" = YY ]
	no_journal
	crash_in_commit decided
	mkdir -p folder/below
	mv ./*.bin ./*.bigfile-journal folder/below/
	bigfile recover folder
	(cd folder/below && [ "$(of_both 1)" = YY ] && no_journal)
	rm -r folder
}

@test "the next program that opens one of the files has it as the others" {
	for what in prepared decided; do
		for file in a.bin b.bin; do
			crash_in_commit $what
			run bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:$file map:0:20000 get:0:1 exit:0
			[ "$output" = $([ $what = decided ] && echo Y || echo X) ]
			bigfile recover .
			[ "$(of_both 1)" = "$output$output" ]
			no_journal
		done
	done
}

@test "journals in a folder of their own" {
	mkdir journals
	export BIGFILE_JOURNAL_DIR=$PWD/journals
	for what in decided prepared; do
		for file in a.bin b.bin; do
			crash_in_commit $what
			bigfile recover $file
			[ "$(of_both 1)" = $([ $what = decided ] && echo YY || echo XX) ]
			[ -z "$(ls journals)" ]
		done
	done
}

@test "a coordinator's journal that is not there: refused, and a person decides" {
	crash_in_commit decided
	mkdir away
	mv "$lead.bigfile-journal" away/
	run bigfile check "$other"
	echo "$output"
	[ "$status" = 2 ]
	[[ "$output" == "$other: doubt: whether its last commit took place is said by $PWD/$lead.bigfile-journal, and that cannot be found"* ]]
	run bigfile recover "$other"
	[ "$status" = 1 ]
	run bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:$other map:0:4096 exit:0
	echo "$output"
	[[ "$output" == *"open: ESTALE"* && "$output" == *"bring it back, then bigfile recover both files"* ]]
	[ "$(of_both 1)" = XX ]
	# It was only in another folder.
	mv "$lead" away/
	bigfile recover "$other" away
	[ "$(byte away/$lead 1)$(byte $other 1)" = YY ]
	no_journal
	rm -r away
	for how in "force Y" "discard X"; do
		crash_in_commit decided
		rm "$lead.bigfile-journal"
		bigfile recover --${how% *} "$other"
		[ "$(byte $other 1)" = ${how#* } ]
		no_journal
	done
}

# half_applied LEAD: a crash in the second commit that leaves one file new and the other old.  LEAD decides, which is that of the lower number.
# bk: both, and their journals, as they were after the first.
half_applied() {
	local k
	for ((k = 30; k < 200; k += 3)); do
		rm -rf bk
		fresh
		[ "$(stat -c %i:%n ?.bin | sort -n | head -1)" = "$(stat -c %i:%n "$1")" ] ||
			{ mv a.bin away && mv b.bin a.bin && mv away b.bin; }
		: >begun
		words=(set:0:1:X set:1:1:X msync:0 system:'env -i sh -c "mkdir bk; cp -p ./*.bin* bk"' open:begun set:0:1:Y set:1:1:Y msync:0 raise:9)
		run ab "$PROGS/killat" -w begun $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so"
		[ "$(of_both 1)" = XX ] || break
	done
	lead=$(basename "$(grep -l BCMP ./*.bigfile-journal)" .bigfile-journal)
	other=$([ "$lead" = a.bin ] && echo b.bin || echo a.bin)
	before=$(of_both 1)
	echo "call $k: $before, $lead decides"
	[[ $before = @(XY|YX) ]]
}
@test "a coordinator's journal from a backup: refused, and a person decides" {
	local file how
	for how in "force a.bin" "force b.bin" "discard a.bin" "discard b.bin"; do
		half_applied ${how#* }
		how=${how% *}
		cp -p bk/$lead.bigfile-journal .
		run bigfile check "$other"
		echo "$output"
		[ "$status" = 2 ]
		[[ "$output" == "$other: doubt: "*"$PWD/$lead.bigfile-journal, and that is older"*"from a backup"* ]]
		for file in "$lead" "$other"; do
			run bigfile recover $file
			echo "$output"
			[ "$status" = 1 ] && [[ "$output" == *"from a backup"* ]]
			run bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:$file map:0:4096 exit:0
			echo "$output"
			[[ "$output" == *"open: ESTALE"* ]]
		done
		[ "$(of_both 1)" = "$before" ]
		bigfile recover --$how "$other"
		bigfile recover a.bin b.bin
		[ "$how" = discard ] || [ "$(byte $other 1)" = Y ]
		no_journal
	done
}

@test "a file from a backup, when its journal is there: resolved or refused, and a person decides" {
	local file
	half_applied a.bin
	file=$([ $before = YX ] && echo a.bin || echo b.bin)
	cp -p bk/$file .
	run bigfile recover a.bin b.bin
	echo "$output"
	# While it was being applied to, it is as if nothing had been yet.
	[ "$status" = 0 ] || [[ "$output" == *"$file: "*"the file was changed without Bigfile"* ]]
	bigfile recover --force $file
	bigfile recover a.bin b.bin
	[ "$(of_both 1)" = YY ]
	no_journal
}

@test "a companion that is elsewhere: the coordinator's journal waits for it" {
	crash_in_commit decided
	mkdir away
	mv "$other" "$other.bigfile-journal" away/
	run bigfile run -p "$PWD/*.bin" -- "$PROGS/play" open:$lead map:0:20000 get:0:1 set:0:1:Z exit:0
	echo "$output"
	[[ "$output" == *"$other: was changed together with this file and cannot be found; $PWD/$lead."*".bigfile-journal is kept"* ]]
	[ "$(byte $lead 1)" = Z ]
	bigfile recover away/$other
	[ "$(byte away/$other 1)" = Y ]
	no_journal
}

# What was struck from the roster of the one that decides is durable before the other one has another name.
@test "a power cut after one of two files was renamed: nothing is looked for under its old name" {
	local renamed
	two_disks
	# What happens to be on the disk already is of no use here.
	sync() { :; }
	for renamed in e/a.bin x/b.bin e/a.bin x/b.bin; do
		rm -f e/*.* x/*.*
		letters e/a.bin 20000
		letters x/b.bin 20000
		command sync -f e x
		env BIGFILE_PATHS="$PWD/e/*:$PWD/x/*" LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:e/a.bin map:0:20000 open:x/b.bin map:0:20000 \
			set:0:1:X set:1:1:X msync:0 rename:$renamed:${renamed%.bin}.new raise:9 || true
		power_cut
		# Once that one has been recovered nothing tells any more where it is.
		after_boot "$BIGFILE" recover ${renamed%/*}
		run -0 after_boot "$BIGFILE" recover e x
		echo "$renamed: $output"
		[[ "$output" != *"cannot be found"* ]]
		no_journals
		[ "$(byte ${renamed%.bin}.new 1)" = X ]
	done
}

# Its journal is at the old name then, and whoever recovers that first takes it away.
@test "a companion that is renamed, and killed before anything else: nothing is looked for" {
	local f
	for f in a.bin b.bin; do
		fresh
		rm -f c.bin player
		BIGFILE_PATHS="$PWD/*.bin" strace -f -qq -o trace -e trace=renameat2 -e inject=renameat2:signal=SIGSTOP:when=1 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so" \
			"$PROGS/play" open:a.bin map:0:20000 open:b.bin map:0:20000 set:0:1:X set:1:1:X msync:0 post:player rename:$f:c.bin exit:0 &
		until_true 60 test -e c.bin
		kill -9 "$(cat player)"
		wait $! || true
		[ ! -e $f ] && [ -e $f.bigfile-journal ]
		bigfile recover $f
		run bigfile recover .
		echo "$output"
		[[ "$output" != *"cannot be found"* ]]
		no_journal
	done
}

# Names change between the commits.
@test "renamed, exchanged and deleted between commits, and killed anywhere: all files agree" {
	local k how last
	for ((k = RANDOM % 150 + 1;; k += ${BIGFILE_STEP:-150})); do
		rm -f ./*.bin*
		for f in a b d; do letters $f.bin 20000; done
		how=0
		BIGFILE_PATHS=$PWD/*.bin "$PROGS/killat" -w bigfile-journal $k env LD_PRELOAD="$BUILD/.libs/libbigfile.so" BIGFILE_PATHS="$PWD/*.bin" "$PROGS/play" \
			open:a.bin map:0:20000 open:b.bin map:0:20000 open:d.bin map:0:20000 set:0:1:B set:1:1:B set:2:1:B msync:0 \
			rename:a.bin:c.bin set:0:1:C set:1:1:C set:2:1:C msync:0 rename:c.bin:a.bin set:0:1:D set:1:1:D set:2:1:D \
			rename:b.bin:e.bin msync:1 set:0:1:E set:1:1:E set:2:1:E unlink:d.bin set:0:1:F set:1:1:F msync:0 \
			exchange:a.bin:e.bin set:0:1:G set:1:1:G msync:1 set:0:1:H set:1:1:H exit:0 >out 2>err || how=$?
		bigfile recover $(shuf -e ./*.bin) >/dev/null
		last=$(for f in *.bin; do byte $f 1; done | fold -w1 | sort -u)
		echo "call $k: $(echo ./*.bin), $last"
		[ ${#last} = 1 ]
		[ $how != 3 ] || break
	done
	[ "$last" = H ]
}

# An index beside the table, made by a program that knows nothing of it.
@test "Tokyo Cabinet's table with its indexes: a load that is killed leaves all as they were, one that is committed agrees" {
	command -v tctmgr >/dev/null || skip "no tctmgr"
	local i before after found=
	mkdir keep
	for i in $(seq 300); do printf 'k%d\tname\tn%d\tage\t%d\n' $i $i $((i % 50)); done >rows
	tctmgr create t.tct
	tctmgr setindex -it lex t.tct name
	tctmgr setindex -it dec t.tct age
	run bigfile run -p "$PWD/t.tct*" -- tctmgr importtsv t.tct rows
	[ "$status" = 0 ]
	ls t.tct*
	[ "$(tctmgr search t.tct age NUMEQ 7 | wc -l)" = 6 ]
	[ "$(tctmgr search t.tct name STREQ n7)" = k7 ]
	before=$(sha256sum t.tct*)
	sed 's/^k/m/; s/\tn\([0-9]\)/\tp\1/' rows >more
	mkfifo hold
	exec 7<>hold
	"$BIGFILE" run -p "$PWD/t.tct*" -- tctmgr importtsv t.tct hold >/dev/null 2>&1 7>&- &
	pid=$!
	cat more >&7
	until_true 60 has_stored $pid
	kill -9 $pid
	wait $pid || true
	exec 7>&-
	[ -e t.tct.idx.age.dec.bigfile-journal ]
	bigfile recover .
	after=$(sha256sum t.tct*)
	[ "$before" = "$after" ]
	# Killed in its commit: one or the other.
	unseen
	cp -a t.tct* keep/
	for i in 8 12 16 20 24 40 60; do
		BIGFILE_PATHS="$PWD/t.tct*" strace -f -qq -o trace -e inject=pwrite64,ftruncate,fdatasync:signal=SIGKILL:when=$i \
			-E LD_PRELOAD="$BUILD/.libs/libbigfile.so" tctmgr importtsv t.tct more >/dev/null 2>&1 || true
		bigfile recover . >/dev/null
		n=$(tctmgr search t.tct age NUMEQ 7 | wc -l)
		echo "$i: $n"
		found+=" $n"
		[ "$n" = 6 ] || [ "$n" = 12 ]
		[ "$(tctmgr search t.tct name STREQ p7 | wc -l)" = $((n / 6 - 1)) ]
		[ "$(tctmgr inform t.tct | sed -n 's/^record number: //p')" = $((n * 50)) ]
		cp -a keep/* .
	done
	[[ "$found" == *6*12* ]]
}
# has_stored PID: into each of its three files.
has_stored() {
	[ "$("$BIGFILE" status --json | jq "[.processes[] | select(.pid == $1) | .files[] | select(.dirty_pages > 0)] | length")" = 3 ]
}

# optimize writes a new file, deletes the old one and renames the new one to its name; the table does so for its indexes as well.
content_of() {
	case $1 in
	t.tct) tctmgr list -pv t.tct && tctmgr search t.tct age NUMEQ 7 && tctmgr search t.tct name STREQ n7 ;;
	h.tch) tchmgr list -pv h.tch ;;
	b.tcb) tcbmgr list -pv b.tcb ;;
	esac | sort
}
optimized() { # MANAGER FILE
	local k before content olds=0 news=0
	before=$(sha256sum $2*)
	content=$(content_of $2)
	for ((k = RANDOM % 9 + 1; k < 1000; k += ${BIGFILE_STEP:-15})); do
		cp -a keep/* .
		BIGFILE_PATHS="$PWD/$2*" strace -f -qq -o trace -e inject=renameat2,unlinkat,fdatasync,pwrite64:signal=SIGKILL:when=$k \
			-E LD_PRELOAD="$BUILD/.libs/libbigfile.so" $1 optimize $2 777 >/dev/null 2>&1 || true
		bigfile recover . $2* >/dev/null 2>&1 || true
		# What it has made is there, and empty, if it has a name of its own yet; or only its journal is, which had not followed it.
		find . -name '*.tmp.*' \( -empty -o -name '*.bigfile-journal' \) -delete
		no_journal
		[ "$(ls $2*)" = "$(cd keep && ls $2*)" ]
		[ "$(sha256sum $2*)" = "$before" ] && olds=$((olds + 1)) || news=$((news + 1))
		echo "call $k: $olds, $news"
		[ "$(content_of $2)" = "$content" ]
		grep -q 'killed by SIGKILL' trace || break
	done
	[ $olds -gt 1 ] && [ $news -gt 0 ]
	cp -a keep/* .
	BIGFILE_EXIT=abort bigfile run -p "$PWD/$2*" -- $1 optimize $2 777
	find . -name '*.tmp.*' -empty -delete
	[ "$(ls $2*)" = "$(cd keep && ls $2*)" ]
	[ "$(sha256sum $2*)" = "$before" ]
	no_journal
}
optimizes() {
	rm -rf ./*
	for i in $(seq 300); do printf 'k%d\tname\tn%d\tage\t%d\n' $i $i $((i % 50)); done >rows
	cut -f1,3 rows >pairs
	tctmgr create t.tct
	tctmgr setindex -it lex t.tct name
	tctmgr setindex -it dec t.tct age
	tctmgr importtsv t.tct rows
	tchmgr create h.tch
	tchmgr importtsv h.tch pairs
	tcbmgr create b.tcb
	tcbmgr importtsv b.tcb pairs
	mkdir keep
	cp -a t.tct* h.tch b.tcb keep/
	optimized tctmgr t.tct
	optimized tchmgr h.tch
	optimized tcbmgr b.tcb
}
@test "Tokyo Cabinet's optimize, which puts new files into the place of the old ones: killed anywhere, all or nothing" {
	command -v tctmgr >/dev/null || skip "no tctmgr"
	each_tracker optimizes
}

# Its deciding sync fails, and the companion's record cannot be blotted out; killed while the next commit makes new journals for both.
@test "two journals fail in one commit: the one that may be in doubt is replaced first" {
	local n r
	for n in 16 17 18; do
		for r in 1 2; do
			fresh
			# The other one decides.
			[ $r = 1 ] || { mv a.bin c && mv b.bin a.bin && mv c b.bin; }
			words=(set:0:1:X set:1:1:X msync:0 set:0:1:Y set:1:1:Y msync:0 set:0:1:Z set:1:1:Z msync:0 _exit:1)
			run ab strace -f -qq -o trace -e inject=io_setup:error=ENOSYS -e inject=fdatasync:error=EIO:when=5 -e inject=pwrite64:error=EIO:when=$n \
				-e inject=renameat2:signal=SIGKILL:when=2 -E LD_PRELOAD="$BUILD/.libs/libbigfile.so"
			bigfile recover a.bin b.bin
			[[ $(of_both 1) = @(aa|XX|YY|ZZ) ]]
			no_journal
		done
	done
}

# One that cannot be applied takes no commits any more; another whose journal must be replaced does not wait for it.
@test "a file that failed holds no journal of another up" {
	local words=(set:0:1:X set:1:1:X msync:0 open:b.bin trunc:30000 set:0:1:Y fsync set:0:1:Z msync:0 get:0:1 set:0:2:W msync:0 _exit:1)
	local n
	for n in 3 4 5 6 7; do
		fresh
		run ab strace -f -qq -o trace -P "$PWD/b.bin" -P "$PWD/a.bin.bigfile-journal" -e inject=ftruncate:error=EIO:when=1 \
			-e inject=fdatasync:error=EIO:when=$n -E LD_PRELOAD="$BUILD/.libs/libbigfile.so"
		echo "$n: $output"
		[[ "$output" == *"b.bin: committed, but the file cannot be written"* ]]
		[ "$(grep -c 'commit failed' <<<"$output")" -le 1 ]
		bigfile recover a.bin b.bin
		echo "$(of_both 1)"
		no_journal
	done
}

# A sync of a journal has failed, and its maker dies when he replaces it: the other one goes on, with one more journal.
died_after_failure() {
	rm -f ./*
	fresh
	words=(set:0:1:X post:one await:two set:1:2:Z msync:0 get:0:1 exit:0)
	ab preloaded >out 2>err &
	pid=$!
	until_true 60 test -e one
	words=(set:0:2:Y set:1:1:Y msync:0 msync:0 _exit:1)
	run ab strace -f -qq -o trace -e inject=io_setup:error=ENOSYS -e inject=fdatasync:error=EIO:when=1 -e inject=renameat2:signal=SIGKILL:when=1 \
		-E LD_PRELOAD="$BUILD/.libs/libbigfile.so"
	grep -q 'renameat2.*SIGKILL\|killed by SIGKILL' trace
	echo >two
	wait $pid
	cat out err
	[ "$(cat out)" = X ]
	bigfile recover a.bin b.bin
	[ "$(of_both 1)$(of_both 2)" = XYYZ ]
	no_journal
}
@test "a participant dies when it replaces a journal whose sync has failed" { each_tracker died_after_failure; }

@test "of journals that are made durable and others one of the first kind decides" {
	local swap
	for swap in no yes; do
		fresh
		[ $swap = no ] || { mv a.bin c && mv b.bin a.bin && mv c b.bin; }
		rm -f one two
		BIGFILE_PATHS=$PWD/a.bin:$PWD/b.bin BIGFILE_DURABLE=no preloaded "$PROGS/play" open:a.bin map:0:20000 set:0:1:X post:one await:two raise:9 &
		pid=$!
		until_true 60 test -e one
		BIGFILE_PATHS=$PWD/a.bin:$PWD/b.bin preloaded "$PROGS/play" open:a.bin open:b.bin map:0:20000 set:0:1:X msync:0 raise:9 || true
		[ "$(grep -l BCMP ./*.bigfile-journal)" = ./b.bin.bigfile-journal ]
		echo >two
		wait $pid || true
		bigfile recover a.bin b.bin
		[ "$(of_both 1)" = XX ]
		no_journal
	done
}

@test "one of the first kind decides even when its file is deleted by that" {
	fresh
	BIGFILE_PATHS=$PWD/a.bin:$PWD/b.bin BIGFILE_DURABLE=no preloaded "$PROGS/play" open:a.bin map:0:20000 set:0:1:X post:one await:two raise:9 &
	pid=$!
	until_true 60 test -e one
	BIGFILE_PATHS=$PWD/a.bin:$PWD/b.bin preloaded "$PROGS/play" open:a.bin open:b.bin map:0:20000 unlink:b.bin msync:0 raise:9 || true
	[ ! -e b.bin ]
	run grep -l BCMP a.bin.bigfile-journal
	[ "$status" = 1 ]
	echo >two
	wait $pid || true
	bigfile recover .
	[ "$(byte a.bin 1)" = X ]
	[ ! -e b.bin ]
	no_journal
}

@test "what is known to be committed is recovered though the journal that decided it cannot be read" {
	local k f
	for f in a b; do
		for k in 1 2 3 4 5; do
			fresh
			BIGFILE_PATHS=$PWD/*.bin LD_PRELOAD="$BUILD/.libs/libbigfile.so" "$PROGS/play" open:a.bin map:0:20000 open:b.bin map:0:20000 \
				set:0:1:X set:1:1:X msync:0 raise:9 || true
			strace -qq -o trace -P "$PWD/$(echo ab | tr -d $f).bin.bigfile-journal" -e trace=pread64 -e inject=pread64:error=EIO:when=$k "$BIGFILE-tool" recover $f.bin
			[ "$(byte $f.bin 1)" = X ]
			grep -q EIO trace || break
		done
	done
}
