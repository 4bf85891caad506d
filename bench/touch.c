/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it costs to touch the pages of a mapped file that is in the page cache: microseconds per page, or per access.
 *
 *   touch FILE MIB           samples: read-in-order (pages touched for the first time), load, store (to pages in use),
 *                            first-store, store-again (after a commit)
 *   touch FILE MIB random    samples: read-at-random
 *   touch FILE MIB private   samples: first-store, to a plain MAP_PRIVATE mapping: what the kernel's copy costs by itself
 */
#include "bench.h"

#include <string.h>

#define ACCESSES 4000000
#define STORES 4096

static size_t size, pages;

static size_t any_page(void)
{
	return (size_t)lrand48() % pages * PAGE;
}

static void sample(const char *name, double start, double count)
{
	printf("%s %.5f\n", name, (now_us() - start) / count);
}

/* One page in sixteen, each in another stretch: as far from what the kernel maps along as can be. */
static void read_scattered(char *map)
{
	volatile char sink;
	size_t step = pages / 16 | 1, count = pages / 16;
	double start = now_us();

	for (size_t i = 0, at = 0; i < count; i++, at = (at + step) % pages)
		sink = map[at * PAGE];
	(void)sink;
	sample("read-at-random", start, (double)count);
}

static void access_pages_in_use(char *map)
{
	volatile char sink;
	double start = now_us();

	for (long i = 0; i < ACCESSES; i++)
		sink = map[any_page()];
	(void)sink;
	sample("load", start, ACCESSES);
	/* One round to have them stored to, one to count. */
	for (size_t i = 0; i < STORES; i++)
		map[i * PAGE] = 1;
	start = now_us();
	for (long i = 0; i < ACCESSES; i++)
		map[(size_t)lrand48() % STORES * PAGE] = (char)i;
	sample("store", start, ACCESSES);
}

static void store_pages(char *map, const char *name)
{
	double start = now_us();

	for (size_t i = 0; i < STORES; i++)
		*(volatile long *)(map + size / 2 + i * PAGE) = lrand48();
	sample(name, start, STORES);
}

int main(int argc, char **argv)
{
	char *map;
	double start;

	size = strtoul(argv[2], NULL, 0) << 20;
	pages = size / PAGE;
	if (pages < 4 * STORES)
		return 2;
	seed_anew();
	if (argc == 4 && !strcmp(argv[3], "private")) {
		map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, open(argv[1], O_RDONLY), 0);
		if (map == MAP_FAILED)
			return 1;
		read_all(map, size);
		store_pages(map, "first-store");
		return 0;
	}
	map = map_file(argv[1], size);
	if (argc == 4) {
		read_scattered(map);
		return 0;
	}
	start = now_us();
	read_all(map, size);
	sample("read-in-order", start, (double)pages);
	access_pages_in_use(map);
	if (msync(map, size, MS_SYNC))
		return 1;
	store_pages(map, "first-store");
	for (int i = 0; i < 3; i++) {
		if (msync(map, size, MS_SYNC))
			return 1;
		store_pages(map, "store-again");
	}
	fflush(stdout);
	_exit(1);
}
