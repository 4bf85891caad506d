/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A durable commit of D scattered pages, 8 bytes stored in each, by msync(MS_SYNC): under Bigfile, or without it, where
 * it is durable but not atomic.  All pages of the file have been read before.
 *
 *   commit FILE MIB D ROUNDS         samples: store (all D pages), commit, both
 *   commit FILE MIB D ROUNDS unread  the same, but the pages have not been read before
 *   commit FILE MIB D ROUNDS known   the same as the first, but something has been stored to each 2 MiB before, and committed
 *   commit FILE MIB D ROUNDS abort   under Bigfile: samples: commit, abort, by turns
 *
 * Ends without a commit of its own; the first round warms up and does not count.
 */
#include "bench.h"

#include <string.h>

#include "bigfile.h"

static void store_everywhere(char *map, size_t size)
{
	for (size_t at = 0; at < size; at += (size_t)2 << 20)
		store_scattered(map + at, (size_t)2 << 20, 1);
}

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[2], NULL, 0) << 20;
	long dirty = atol(argv[3]), rounds = atol(argv[4]);
	const char *mode = argc > 5 ? argv[5] : "";
	char *map = map_file(argv[1], size);

	if (strcmp(mode, "unread"))
		read_all(map, size);
	seed_anew();
	if (!strcmp(mode, "known"))
		store_everywhere(map, size);
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
		if (strcmp(mode, "abort")) {
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
