title=tdb packages=tdb-tools files=db.tdb instants=rest
keeps="a hash table: grows by posix_fallocate() and is mapped anew; stores; a journal within the file"

fresh() { (echo create db.tdb; keys 0 | sed 's/.*/insert & value-of-&/') | tdbtool >/dev/null; }
start() { feed tdbtool db.tdb; }
put() {
	say "$(keys $1 | sed 's/.*/insert & value-of-&/')" "show batch$1-200"
	answered "batch$1-200"
}
unfinished() { put $1; }
durable() {
	say transaction_start
	put $1
	say transaction_commit "show batch$1-007"
	answered "batch$1-007"
}
reread() {
	say 'open db.tdb' check
	answered "*integrity is OK and has $(($# * 200)) records*"
}
content() {
	echo check | tdbtool db.tdb | grep -o 'integrity.*' | grep -v 'is OK' || true
	tdbdump db.tdb | sed -n 's/^key(.*) = "\(.*\)"/\1/p; s/^data(.*) = "\(.*\)"/\1/p' | paste -d' ' - - | LC_ALL=C sort
}
