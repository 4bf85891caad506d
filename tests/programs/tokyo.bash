packages=tokyocabinet-bin instants=rest
variants="hash tree"
case $variant in
hash)
	title="Tokyo Cabinet, hash" files=db.tch tool=tchmgr
	keeps="a hash table: 64 MiB mapped over a shorter file that grows and is cut; stores, pwrite()"
	;;
tree)
	title="Tokyo Cabinet, B+ tree" files=db.tcb tool=tcbmgr
	keeps="a B+ tree: stores, pwrite(); what is changed lies in the program's own memory at first"
	for f in commit abort twice load cut; do cannot[$f]="tcbmgr writes its tree when it ends: there is nothing in its file to commit before"; done
	;;
esac

fresh() {
	$tool create $files
	lines 0 | tr ' ' '\t' >"$run_dir/tsv"
	$tool importtsv $files "$run_dir/tsv" >/dev/null
}
start() { feed $tool importtsv $files; }
put() {
	say "$(lines $1 | tr ' ' '\t')"
	swallowed
}
durable() { put $1; }
content() { $tool list -pv $files | tr '\t' ' ' | LC_ALL=C sort; }
