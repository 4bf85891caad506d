/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the first touch of a page of a large file costs: in order and at random, in a plain mapping, in a private view, and in a shared
 * one, which the process has once it has forked.
 *
 *   lazy FILE up|down|random TOUCHES [fork]
 *
 * Prints microseconds per touch, and ends with status 1.  To be run plainly, under `bigfile run`, and so with `fork`, by turns; the file is in
 * the page cache, or it is the disk that is measured.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

static size_t place(char way, size_t i, size_t pages)
{
	static unsigned long random = 1;

	if (way == 'u')
		return i % pages;
	if (way == 'd')
		return pages - 1 - i % pages;
	random = random * 6364136223846793005ul + 1442695040888963407ul;
	return (random >> 33) % pages;
}

int main(int argc, char **argv)
{
	int fd = argc > 3 ? open(argv[1], O_RDWR) : -1, shared = argc > 4;
	size_t pages, touches;
	struct stat st;
	volatile char *map;
	char sum = 0;
	double start;

	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "usage: lazy FILE up|down|random TOUCHES [fork]\n");
		return 2;
	}
	pages = (size_t)st.st_size / PAGE;
	touches = strtoul(argv[3], NULL, 0);
	map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return 1;
	if (shared && fork() == 0)
		_exit(0);
	if (shared)
		wait(NULL);
	start = now_us();
	for (size_t i = 0; i < touches; i++)
		sum = (char)(sum + map[place(argv[2][0], i, pages) * PAGE]);
	printf("first-touch %.4f%s\n", (now_us() - start) / (double)touches, sum ? "" : " ");
	return 1;
}
