/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A durable commit of D scattered pages, 8 bytes stored in each, that lie in N files by equal shares.
 *
 *   files PREFIX N MIB D ROUNDS        files PREFIX1 to PREFIXN, of MIB/N MiB each; prints the median of msync in microseconds
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
	int files = atoi(argv[2]), dirty = atoi(argv[4]), rounds = atoi(argv[5]);
	size_t size = (strtoul(argv[3], NULL, 0) << 20) / (size_t)files, pages = size >> 12;
	double syncs[1000], start;
	char *maps[256], name[4096];

	if (files > 256 || rounds > 1000)
		return 1;
	for (int i = 0; i < files; i++) {
		int fd;

		snprintf(name, sizeof name, "%s%d", argv[1], i + 1);
		fd = open(name, O_RDWR | O_CREAT, 0600);
		if (ftruncate(fd, (off_t)size))
			return 1;
		maps[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (maps[i] == MAP_FAILED)
			return 1;
	}
	srand48(1);
	/* The first two are for whatever is done once. */
	for (int r = -2; r < rounds; r++) {
		for (int i = 0; i < dirty; i++)
			*(volatile long *)(maps[i % files] + ((size_t)lrand48() % pages << 12) + 8 * (size_t)(lrand48() % 500)) = lrand48();
		start = now_us();
		if (msync(maps[0], size, MS_SYNC))
			return 1;
		if (r >= 0)
			syncs[r] = now_us() - start;
	}
	qsort(syncs, (size_t)rounds, sizeof *syncs, order);
	printf("%.1f\n", syncs[rounds / 2]);
	fflush(stdout);
	_exit(0);
}
