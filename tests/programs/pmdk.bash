title="PMDK, libpmemobj" packages="libpmemobj-dev libpmem-dev pmdk-tools gcc libc6-dev" files=db.pool instants=batches syncs=yes
keeps="a pool of objects: mapped at an aligned address; stores past the cache, msync() of single lines; logs within the file"
# unfinished: in the midst of a transaction of its own, which has to be undone by its own log then.
pmdk_program='
#include <libpmemobj.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct batch { char lines[200][40]; };
struct root { PMEMoid batches[10]; };
int main(int argc, char **argv) {
	PMEMobjpool *pool = pmemobj_open(argv[1], "batches");
	char what[20];
	int n;
	if (!pool && !(pool = pmemobj_create(argv[1], "batches", PMEMOBJ_MIN_POOL, 0666))) return 1;
	struct root *root = pmemobj_direct(pmemobj_root(pool, sizeof *root));
	while (scanf("%19s %d", what, &n) == 2) {
		if (!strcmp(what, "exit")) _Exit(n);
		else if (!strcmp(what, "look")) for (n = 0; n < 10; n++) {
			struct batch *b = pmemobj_direct(root->batches[n]);
			for (int i = 0; b && i < 200; i++) printf("%s\n", b->lines[i]);
		} else TX_BEGIN(pool) {
			pmemobj_tx_add_range_direct(&root->batches[n], sizeof(PMEMoid));
			if (!OID_IS_NULL(root->batches[n])) pmemobj_tx_free(root->batches[n]);
			root->batches[n] = pmemobj_tx_zalloc(sizeof(struct batch), 1);
			struct batch *b = pmemobj_direct(root->batches[n]);
			for (int i = 0; i < 200; i++)
				sprintf(b->lines[i], "batch%d-%03d value-of-batch%d-%03d", n, i + 1, n, i + 1);
			if (!strcmp(what, "begin")) printf("begin %d\n", n), fflush(stdout), (void)getchar(), (void)getchar();
		} TX_ONABORT { exit(1); } TX_END
		if (strcmp(what, "look")) printf("%s %d\n", what, n), fflush(stdout);
	}
	pmemobj_close(pool);
}'

fresh() {
	echo "$pmdk_program" | gcc -x c -O1 -o "$run_dir/program" - -lpmemobj
	echo put 0 | "$run_dir/program" db.pool >/dev/null
}
start() { feed "$run_dir/program" db.pool; }
put() { say "put $1"; answered "put $1"; }
durable() { put $1; }
unfinished() { say "begin $1"; answered "begin $1"; }
fail() { say 'exit 3'; finish 3; }
# The reader finishes or undoes what it finds, in a copy.
content() {
	cp db.pool "$run_dir/copied"
	echo look 0 | "$run_dir/program" "$run_dir/copied"
	pmempool check "$run_dir/copied" >"$run_dir/check" || cat "$run_dir/check"
}
