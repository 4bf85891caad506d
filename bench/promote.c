/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sharing costs: the first fork of a process with a marked file, by the size of the file and by its dirty pages, against the
 * fork of a process that has it mapped plainly; then the next fork, and a first store to a page of the shared view.
 *
 *   promote FILE MEBIBYTES DIRTY_PAGES
 *
 * Prints microseconds.  To be run plainly and under `bigfile run`, by turns.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double fork_once(void)
{
	double start = now_us(), end;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	end = now_us();
	waitpid(child, NULL, 0);
	return end - start;
}

static double store(char *map, size_t pages, size_t dirty)
{
	double start = now_us();

	for (size_t i = 0; i < dirty; i++)
		map[i * 7919 % pages * PAGE]++;
	return (now_us() - start) / (double)(dirty ? dirty : 1);
}

int main(int argc, char **argv)
{
	size_t pages = argc > 3 ? strtoul(argv[2], NULL, 0) << 8 : 0, dirty = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	int fd = pages ? open(argv[1], O_RDWR) : -1;
	char *map = fd < 0 ? MAP_FAILED : mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	double first, forks, next, stores;

	if (map == MAP_FAILED) {
		fprintf(stderr, "usage: promote FILE MEBIBYTES DIRTY_PAGES; the file is that large\n");
		return 2;
	}
	first = store(map, pages, dirty);
	forks = fork_once();
	next = fork_once();
	stores = store(map, pages, dirty);
	printf("BenchmarkStore %zu %.2f us\nBenchmarkFirstFork %zu pages, %zu dirty %.0f us\nBenchmarkNextFork %.0f us\n"
	       "BenchmarkStoreShared %zu %.2f us\n", dirty, first, pages, dirty, forks, next, dirty, stores);
	return 1;
}
