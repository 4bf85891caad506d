/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A durable commit of D scattered pages (8 bytes stored in each) by msync(MS_SYNC), under Bigfile or without it, where
 * it is durable but not atomic.  Run by turns by scripts/bench, which prints the ratio.
 *
 *   commit FILE MIB D ROUNDS        prints the median in microseconds of storing, and of msync
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int order(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[2], NULL, 0) << 20, pages = size >> 12;
	int dirty = atoi(argv[3]), rounds = atoi(argv[4]), fd = open(argv[1], O_RDWR);
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	double stores[1000], syncs[1000], start;
	volatile char sink;

	if (map == MAP_FAILED || rounds > 1000)
		return 1;
	for (size_t i = 0; i < pages; i++)
		sink = map[i << 12];
	(void)sink;
	srand48(now_us()); /* never what the run before has stored: that would be no change */
	for (int r = 0; r < rounds; r++) {
		start = now_us();
		for (int i = 0; i < dirty; i++)
			*(volatile long *)(map + ((size_t)lrand48() % pages << 12) + 8 * (size_t)(lrand48() % 500)) = lrand48();
		stores[r] = now_us() - start;
		start = now_us();
		if (msync(map, size, MS_SYNC))
			return 1;
		syncs[r] = now_us() - start;
	}
	qsort(stores, (size_t)rounds, sizeof *stores, order);
	qsort(syncs, (size_t)rounds, sizeof *syncs, order);
	printf("%.1f %.1f\n", stores[rounds / 2], syncs[rounds / 2]);
	fflush(stdout);
	_exit(0);
}
