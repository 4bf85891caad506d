/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: stores to each 2 MiB of a file and commits, then goes on with the first of them alone, until the others have left its page table.
 * Then all of it is stored to again, aborted, stored to again, and committed.
 *
 *   rests FILE MIB SECONDS      FILE is of that size, all 'a'; at most so many seconds are waited
 *
 * Prints what it has seen; the last line is "rested" or what went wrong.  Ends without a commit of its own.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bigfile.h"

#define CHUNK ((size_t)2 << 20)
#define PAGE ((size_t)4096)

static char *map;
static size_t size;

/* Another page of each chunk by its number, and another one by k. */
static size_t place(size_t chunk, size_t k)
{
	return chunk * CHUNK + (chunk * 7 + k * 31) % (CHUNK / PAGE) * PAGE + 5 + k;
}

static void store(size_t k, char c)
{
	for (size_t i = 0; i < size / CHUNK; i++)
		map[place(i, k)] = c;
}

static int differs(size_t k, char c)
{
	for (size_t i = 0; i < size / CHUNK; i++) {
		if (map[place(i, k)] != c)
			return printf("chunk %zu holds %c, not %c\n", i, map[place(i, k)], c);
	}
	return 0;
}

/* Pages that are in the page table, behind the first chunk. */
static size_t there(int pagemap)
{
	static uint64_t entries[CHUNK / PAGE];
	size_t n = 0;

	for (size_t at = CHUNK; at < size; at += CHUNK) {
		if (pread(pagemap, entries, sizeof entries, (off_t)(((uintptr_t)map + at) / PAGE * sizeof *entries)) != sizeof entries)
			return SIZE_MAX;
		for (size_t i = 0; i < CHUNK / PAGE; i++)
			n += entries[i] >> 63;
	}
	return n;
}

static int wait_for_rest(int pagemap, time_t end)
{
	size_t before = there(pagemap), now;

	for (uint64_t n = 1; (now = there(pagemap)) && time(NULL) < end; n++) {
		map[n % 512 * PAGE + 64] = (char)('b' + n / 512 % 20);
		if (bigfile_commit())
			return puts("commit failed");
	}
	printf("%zu pages before, %zu after\n", before, now);
	return before < size / CHUNK - 1 || now ? puts("not at rest") : 0;
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR), pagemap = open("/proc/self/pagemap", O_RDONLY);

	size = strtoul(argv[2], NULL, 0) << 20;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED || pagemap < 0)
		return perror(argv[1]), 1;
	store(1, 'X');
	if (bigfile_commit() || wait_for_rest(pagemap, time(NULL) + atol(argv[3])) || differs(1, 'X'))
		return 1;
	store(1, 'Y');
	store(2, 'Y');
	if (differs(1, 'Y') || bigfile_abort() || differs(1, 'X') || differs(2, 'a'))
		return 1;
	store(2, 'Z');
	if (bigfile_commit() || differs(2, 'Z') || differs(1, 'X'))
		return 1;
	puts("rested");
	fflush(stdout);
	_exit(1);
}
