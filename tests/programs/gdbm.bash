title="gdbm" packages=gdbmtool files=db.gdbm
keeps="a hash table: grows by write() at its end, is unmapped and mapped anew then; stores"
instants=rest

fresh() { keys 0 | sed 's/.*/store & value-of-&/' | gdbmtool -q -n db.gdbm; }
start() { feed gdbmtool -q db.gdbm; }
put() {
	say "$(keys $1 | sed 's/.*/store & value-of-&/')" "fetch batch$1-200"
	answered "value-of-batch$1-200"
}
unfinished() { put $1; }
durable() { put $1; say sync "fetch batch$1-007"; answered "value-of-batch$1-007"; }
reread() {
	say close 'open db.gdbm' count
	answered "There are $(($# * 200)) items*"
}
content() { gdbmtool -q -r -l db.gdbm list | LC_ALL=C sort; }
