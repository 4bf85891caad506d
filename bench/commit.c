/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A durable commit of D scattered pages, 8 bytes stored in each, by msync(MS_SYNC): under Bigfile, or without it, where
 * it is durable but not atomic.  All pages of the file have been read before.
 *
 *   commit FILE MIB D ROUNDS         samples: store (all D pages), commit, both
 *   commit FILE MIB D ROUNDS unread  the same, but the pages have not been read before
 *   commit FILE MIB D ROUNDS known   the same as the first, but something has been stored to each 2 MiB before, and committed
 *   commit FILE MIB D ROUNDS rested  the same, and then for some seconds only the first 2 MiB were stored to
 *   commit FILE MIB D ROUNDS abort   under Bigfile: samples: commit, abort, by turns
 *   commit FILE MIB D ROUNDS floor, floor-abort   without Bigfile: what the kernel's calls alone take for it (floor.h)
 *
 * Ends without a commit of its own; the first round warms up and does not count.
 */
#include "bench.h"

#include <stdbool.h>
#include <string.h>

#include "bigfile.h"
#include "floor.h"

static bool is_floor;

static void store_everywhere(char *map, size_t size)
{
	for (size_t at = 0; at < size; at += (size_t)2 << 20)
		store_scattered(map + at, (size_t)2 << 20, 1);
}

static int rest(char *map, size_t size)
{
	for (double end = now_us() + 12e6; now_us() < end; usleep(10000)) {
		store_scattered(map, (size_t)2 << 20, 1);
		if (msync(map, size, MS_SYNC))
			return -1;
	}
	return 0;
}

static int commit(char *map, size_t size)
{
	return is_floor ? floor_commit() : msync(map, size, MS_SYNC);
}

static char *map_it(const char *path, size_t size)
{
	char *map = is_floor ? floor_map(path, size) : map_file(path, size);

	if (!map)
		perror(path);
	return map;
}

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[2], NULL, 0) << 20;
	long dirty = atol(argv[3]), rounds = atol(argv[4]);
	const char *mode = argc > 5 ? argv[5] : "";
	char *map;
	bool aborts = !strcmp(mode, "abort") || !strcmp(mode, "floor-abort");

	is_floor = !strncmp(mode, "floor", 5);
	map = map_it(argv[1], size);
	if (!map)
		return 1;
	if (strcmp(mode, "unread"))
		read_all(map, size);
	if (is_floor && floor_watch()) {
		perror("floor");
		return 1;
	}
	seed_anew();
	if (!strcmp(mode, "known") || !strcmp(mode, "rested"))
		store_everywhere(map, size);
	if (!strcmp(mode, "rested") && rest(map, size))
		return 1;
	for (long r = 0; r <= rounds; r++) {
		double start = now_us(), stored, committed;

		store_scattered(map, size, dirty);
		stored = now_us();
		if (commit(map, size))
			return 1;
		committed = now_us();
		if (r == 0)
			continue;
		printf("commit %.2f\n", committed - stored);
		if (!aborts) {
			printf("store %.2f\nboth %.2f\n", stored - start, committed - start);
			continue;
		}
		store_scattered(map, size, dirty);
		start = now_us();
		if (is_floor ? floor_abort() : bigfile_abort())
			return 1;
		printf("abort %.2f\n", now_us() - start);
	}
	fflush(stdout);
	_exit(1);
}
