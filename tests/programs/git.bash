title="git, fast-import" packages="git" files="db/" instants=rest own=yes
keeps="packs and indexes by write(), mapped to be read; references and packs are renamed into place"
note="A checkpoint renames files over marked ones, and all that is in the transaction is committed before that: it commits at once, also with BIGFILE_SYNC=defer."

fresh() {
	git init -q --bare db
	stream 0 | git --git-dir=db fast-import --quiet
	git --git-dir=db symbolic-ref HEAD refs/heads/main
}
# A commit of 200 files.
stream() {
	local k
	printf 'commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 0\n' $((1000000000 + $1))
	[ $1 = 0 ] || printf 'from refs/heads/main^0\n'
	lines $1 | while read -r k value; do printf 'M 100644 inline %s\ndata %d\n%s\n' $k $((${#k} + ${#value} + 2)) "$k $value"; done
}
start() {
	feed git --git-dir=db fast-import --quiet
}
unfinished() { say "$(stream $1)" "progress put $1"; answered "progress put $1"; }
put() { say "$(stream $1)" checkpoint "progress put $1"; answered "progress put $1"; }
durable() { put $1; }
fail() { say nonsense; finish 128; }
content() { git --git-dir=db archive main 2>"$run_dir/archive.err" | tar -xO; }
state() { content; }
