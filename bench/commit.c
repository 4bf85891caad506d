/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A durable commit of D scattered pages, 8 bytes stored in each, by msync(MS_SYNC): under Bigfile, or without it, where
 * it is durable but not atomic.  All pages of the file have been read before.
 *
 *   commit FILE MIB D ROUNDS         samples: store (all D pages), commit, both
 *   commit FILE MIB D ROUNDS unread  the same, but the pages have not been read before
 *   commit FILE MIB D ROUNDS abort   under Bigfile: samples: commit, abort, by turns
 *
 * Ends without a commit of its own; the first round warms up and does not count.
 */
#include "bench.h"

#include <string.h>

#include "bigfile.h"

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[2], NULL, 0) << 20;
	long dirty = atol(argv[3]), rounds = atol(argv[4]);
	char *map = map_file(argv[1], size);

	if (argc == 5 || strcmp(argv[5], "unread"))
		read_all(map, size);
	seed_anew();
	for (long r = 0; r <= rounds; r++) {
		double start = now_us(), stored, committed;

		store_scattered(map, size, dirty);
		stored = now_us();
		if (msync(map, size, MS_SYNC))
			return 1;
		committed = now_us();
		if (r == 0)
			continue;
		printf("commit %.2f\n", committed - stored);
		if (argc == 5 || strcmp(argv[5], "abort")) {
			printf("store %.2f\nboth %.2f\n", stored - start, committed - start);
			continue;
		}
		store_scattered(map, size, dirty);
		start = now_us();
		if (bigfile_abort())
			return 1;
		printf("abort %.2f\n", now_us() - start);
	}
	fflush(stdout);
	_exit(1);
}
