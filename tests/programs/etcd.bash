title="etcd" packages=etcd-server files="db/"
keeps="bbolt: a B+ tree mapped read-only, pages by pwrite()"
for f in kill commit abort twice load sync cut; do cannot[$f]="a program in Go makes its system calls by itself: nothing is seen of them"; done
note="\`bigfile run\` says that it runs without transactions; that is what was tested."

fresh() { mkdir db; }
holds() { :; }
scenario_failure() {
	bigfile run -p "$PWD/db/" -- etcd --version 2>&1 | grep 'etcd: is a Go program.*WITHOUT transactions'
}
