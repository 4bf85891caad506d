/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmarks share.  Results go to stdout as "NAME MICROSECONDS", one line per sample; scripts/bench compares. */
#ifndef BENCH_H
#define BENCH_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE ((size_t)4096)

static inline double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Never what the run before has stored: that would be no change, and nothing to commit. */
static inline void seed_anew(void)
{
	srand48((long)(now_us() * 1e3) ^ getpid());
}

static inline char *map_file(const char *path, size_t size)
{
	int fd = open(path, O_RDWR);
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd < 0 || map == MAP_FAILED) {
		perror(path);
		exit(1);
	}
	return map;
}

static inline void read_all(char *map, size_t size)
{
	volatile char sink;

	for (size_t at = 0; at < size; at += PAGE)
		sink = map[at];
	(void)sink;
}

/* 8 bytes somewhere in each of `count` random pages. */
static inline void store_scattered(char *map, size_t size, long count)
{
	for (long i = 0; i < count; i++)
		*(volatile long *)(map + (size_t)lrand48() % (size / PAGE) * PAGE + 8 * (size_t)(lrand48() % 500)) = lrand48();
}

#endif
