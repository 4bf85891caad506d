packages="r-cran-ff r-base-core" files=db.bin
variants="ff bigmemory"
case $variant in
ff) title="R, ff" keeps="a vector larger than memory: sections of it mapped in turn" ;;
bigmemory) title="R, bigmemory" packages="r-cran-bigmemory r-base-core" keeps="a matrix: mapped whole" ;;
esac
case $variant in
ff) r_open='suppressMessages(library(ff)); x <- ff(vmode="integer", length=2000, filename="db.bin", finalizer="close", overwrite=FALSE)' ;;
bigmemory) r_open='suppressMessages(library(bigmemory)); x <- attach.big.matrix("db.desc")' ;;
esac

# The numbers from 1000 N on.
lines() { for n; do seq $((1000 * n + 1)) $((1000 * n + 200)); done; }
store() { echo "x[($1 * 200 + 1):($1 * 200 + 200)] <- ($1 * 1000 + 1):($1 * 1000 + 200)"; }
run_r() { R --slave --no-save --no-restore; }
fresh() {
	if [ "$variant" = ff ]; then
		head -c 8000 /dev/zero >db.bin
		echo "$r_open; $(store 0); close(x)" | run_r
	else
		echo 'suppressMessages(library(bigmemory)); x <- big.matrix(2000, 1, "integer", init=0, backingfile="db.bin", descriptorfile="db.desc")' \
			"; $(store 0); flush(x)" | run_r >/dev/null
	fi
}
start() {
	feed R --slave --no-save --no-restore
	say "$r_open" 'cat("ready\n")'
	answered ready
}
put() { say "$(store $1); cat('put $1\n')"; answered "put $1"; }
if [ "$variant" = ff ]; then
	durable() { put $1; }
else
	durable() { say "$(store $1); invisible(flush(x)); cat('sync $1\n')"; answered "sync $1"; }
	unfinished() { put $1; }
fi
fail() { say 'quit(status = 3)'; finish 3; }
content() { echo "$r_open; y <- x[1:2000]; writeLines(as.character(y[y != 0]))" | run_r; }
