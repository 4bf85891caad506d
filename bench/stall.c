/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long a thread that stores is held up while another one commits D scattered pages: the longest single store of each commit.
 *
 *   stall FILE MIB D ROUNDS HOT     samples: stall (microseconds), one for each commit
 *
 * The thread stores 8 bytes to one of HOT pages, again and again; HOT 0: to any page of the file.  Without Bigfile the commit is msync.
 */
#include "bench.h"

#include <pthread.h>

static char *map;
static size_t pages, hot;
static volatile int running = 1;
static double longest; /* of the commit under way; only the storing thread makes it longer */

static void *keep_storing(void *arg)
{
	unsigned long random = 1;

	while (running) {
		double start = now_us(), took;

		random = random * 6364136223846793005ul + 1442695040888963407ul;
		*(volatile unsigned long *)(map + (random >> 33) % hot * PAGE) = random;
		took = now_us() - start;
		if (took > longest)
			longest = took;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[2], NULL, 0) << 20;
	long dirty = atol(argv[3]), rounds = atol(argv[4]);
	pthread_t thread;

	pages = size / PAGE;
	hot = strtoul(argv[5], NULL, 0) ? strtoul(argv[5], NULL, 0) : pages;
	map = map_file(argv[1], size);
	read_all(map, size);
	seed_anew();
	if (pthread_create(&thread, NULL, keep_storing, NULL))
		return 1;
	for (long r = 0; r <= rounds; r++) {
		store_scattered(map, size, dirty);
		longest = 0;
		if (msync(map, size, MS_SYNC))
			return 1;
		if (r > 0)
			printf("stall %.1f\n", longest);
	}
	fflush(stdout);
	_exit(1);
}
