title="stress-ng, its file and mmap stressors" packages=stress-ng files="s/"
keeps="temporary files of its own, used in every way there is, by many processes"
for f in failure kill commit abort twice sync cut; do cannot[$f]="its stressors delete their files: there is nothing to compare"; done
note="A stressor has to pass with all its files marked when it passes without Bigfile."
# All that use files, of the classes filesystem, vm, memory, io and os.
stressors="access aio aiol chattr chdir chmod chown copy-file dentry dev-shm dir dirdeep dirmany dnotify dup fallocate fault fcntl fiemap
	file-ioctl filename flock fpunch fsize fstat getdent handle hdd inode-flags inotify io io-uring iomix ioprio lease link locka lockf lockofd
	madvise mcontend mincore mlock mmap mmapaddr mmapfixed mmaphuge mmapmany mremap msync msyncmany open readahead rename revio rmap seek
	sendfile shm splice stackmmap symlink sync-file touch utime verity vm-splice xattr"

limit=1200
fresh() { mkdir s; }
holds() { :; }
declare -gA size=([mmap]="--mmap-file --mmap-bytes 4m" [hdd]="--hdd-bytes 4m" [copy-file]="--copy-file-bytes 128m"
	[fallocate]="--fallocate-bytes 8m" [iomix]="--iomix-bytes 8m" [seek]="--seek-size 4m" [readahead]="--readahead-bytes 4m"
	[sync-file]="--sync-file-bytes 8m" [dirdeep]="--dirdeep-inodes 500" [revio]="--revio-bytes 8m")
stressor() { # NAME COMMAND...
	timeout -s KILL 60 "${@:2}" stress-ng --temp-path "$PWD/s" --verify --timeout 2 --$1 1 --$1-ops 30 ${size[$1]:-} >"$run_dir/out" 2>&1
}
scenario_load() {
	local s bad='' plainly=0 passed=0
	for s in $stressors; do
		stressor $s || continue
		plainly=$((plainly + 1))
		if stressor $s "$BIGFILE" run -p "$PWD/s/" -p "/dev/shm/stress-*" --; then
			passed=$((passed + 1))
		else
			bad+=" $s"
			cat "$run_dir/out"
		fi
		rm -rf s/*
	done
	echo "$plainly pass plainly, $passed of them under Bigfile"
	[ -z "$bad" ] || { echo "not passed:$bad"; return 1; }
}
