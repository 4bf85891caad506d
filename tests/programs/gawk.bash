title="gawk, persistent heap" packages=gawk files=db.pma instants=rest
keeps="the interpreter's own heap: all of its variables, at one address"
note="An abort changes the heap of the running gawk, which crashes then; the file is right, and the next gawk goes on with it."

fresh() {
	truncate -s 16M db.pma
	chmod 600 db.pma
	echo put 0 | GAWK_PERSIST_FILE=db.pma gawk "$gawk_program" >/dev/null
}
gawk_program='
	$1 == "put" { for (i = 1; i <= 200; i++) { k = sprintf("batch%d-%03d", $2, i); a[k] = "value-of-" k } }
	$1 == "exit" { exit $2 }
	{ print; fflush() }'
start() { GAWK_PERSIST_FILE=$PWD/db.pma feed gawk "$gawk_program"; }
put() { say "put $1"; answered "put $1"; }
durable() { put $1; }
fail() { say 'exit 3'; finish 3; }
content() {
	cp --sparse=always db.pma "$run_dir/heap"
	GAWK_PERSIST_FILE=$run_dir/heap gawk 'BEGIN { for (k in a) print k, a[k] }' | LC_ALL=C sort
}
