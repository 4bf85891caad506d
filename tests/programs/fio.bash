title="fio, ioengine=mmap" packages=fio files="db.*" instants=rest again=no
keeps="blocks with checksums at random places, each thread mapping a file of its own"
note="fio's own verification is the reader.  The jobs are threads: with processes, the end of each with status 0 would commit."
options="--ioengine=mmap --rw=randwrite --bs=4k --size=256k --verify=crc32c --allrandrepeat=1 --thread --minimal --clocksource=gettimeofday"
lines() { for n; do echo "batch $n verified"; done; }
keys() { echo "batch $1"; }

fresh() {
	local n
	for n in {0..9}; do truncate -s 256k db.$n; done
	fio --name=b0 $options --filename=db.0 --do_verify=0 --verify_state_save=0 >/dev/null
}
# Each job waits for its word, and says that it has ended.  fio ends when all of them have; the last one is for that.
start() {
	local n file last=9 jobs=()
	case $scenario in failure) last=1 ;; twice) last=3 ;; esac
	for n in $(seq $last) end; do
		rm -f "$run_dir/word$n"
		mkfifo "$run_dir/word$n"
		printf '#!/bin/sh\nread x <%s\n' "$run_dir/word$n" >"$run_dir/wait$n"
		printf '#!/bin/sh\necho put %s >%s\n' $n "$run_dir/answers" >"$run_dir/say$n"
		[ $n = end ] && file=$run_dir/end || file=db.$n
		jobs+=(--name=b$n --stonewall --filename="$file" --exec_prerun="$run_dir/wait$n" --exec_postrun="$run_dir/say$n")
	done
	chmod +x "$run_dir"/wait* "$run_dir"/say*
	feed fio $options --do_verify=0 --verify_state_save=0 --unlink=0 "${jobs[@]}"
}
put() {
	echo >"$run_dir/word$1"
	answered "put $1"
}
durable() { put $1; }
finish() {
	put end
	exec 7>&-
	wait $pid
	exec 8<&-
}
# All at the same time: each takes a while to begin.
content() {
	local n
	for n in {0..9}; do
		(cd "$run_dir" && fio --name=b$n $options --filename="$OLDPWD/db.$n" --verify_only >/dev/null 2>&1 && echo "batch $n verified") &
	done | sort
}
