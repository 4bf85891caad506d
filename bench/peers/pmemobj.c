/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work of bench/commit.c by libpmemobj: a durable transaction that changes 8 bytes in each of D pages of one object.  On a disk it makes each
 * change durable by msync.  The pool is made by the first run.
 *
 *   pmemobj FILE MIB D ROUNDS        samples: commit (microseconds), changes included
 */
#include "../bench.h"

#include <libpmemobj.h>

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[2], NULL, 0) << 20;
	long dirty = atol(argv[3]), rounds = atol(argv[4]);
	PMEMobjpool *pool = access(argv[1], F_OK) ? pmemobj_create(argv[1], "bench", size + size / 4, 0600) : pmemobj_open(argv[1], "bench");
	char *data;

	if (!pool) {
		fprintf(stderr, "%s\n", pmemobj_errormsg());
		return 1;
	}
	data = pmemobj_direct(pmemobj_root(pool, size));
	read_all(data, size);
	seed_anew();
	for (long r = 0; r <= rounds; r++) {
		double start = now_us();

		TX_BEGIN(pool) {
			for (long i = 0; i < dirty; i++) {
				long *at = (long *)(data + (size_t)lrand48() % (size / PAGE) * PAGE + 8 * (size_t)(lrand48() % 500));

				pmemobj_tx_add_range_direct(at, sizeof *at);
				*at = lrand48();
			}
		} TX_ONABORT {
			return 1;
		} TX_END
		if (r > 0)
			printf("commit %.1f\n", now_us() - start);
	}
	pmemobj_close(pool);
	return 0;
}
