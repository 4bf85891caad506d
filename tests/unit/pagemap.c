/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages are copied, as read entry by entry.  And whether one entry of the page table stands for a whole chunk: for a large page it does,
 * until that is split.
 */
#include "pagemap.h"

#include <sys/mman.h>

#include "sys.h"
#include "tap.h"

#define CHUNK ((uint64_t)2 << 20)

#define PAGES 1200

static struct range runs[8]; /* in pages */
static int run_count, most;
static uint64_t first;

static int note(void *arg, struct range at)
{
	runs[run_count++] = (struct range){ (at.start - first) / page_size(), (at.end - first) / page_size() };
	return run_count == most ? -ECANCELED : 0;
}

/* How many runs; they are in runs. */
static int look(int stop_after)
{
	run_count = 0;
	most = stop_after;
	return pagemap_each_copied((struct range){ first, first + PAGES * page_size() }, note, NULL);
}

static bool is_run(int i, uint64_t start, uint64_t end)
{
	return runs[i].start == start && runs[i].end == end;
}

static void copied(void)
{
	static const struct range stored[] = { { 0, 1 }, { 3, 5 }, { 500, 530 }, { PAGES - 1, PAGES } };
	uint8_t *room = sys_mmap(NULL, PAGES * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	first = (uintptr_t)room;
	sys_madvise(room, PAGES * page_size(), MADV_NOHUGEPAGE);
	for (size_t i = 0; i < sizeof stored / sizeof *stored; i++) {
		for (uint64_t page = stored[i].start; page < stored[i].end; page++)
			room[page * page_size()] = 1;
	}
	is_int(look(0), 0, "it can be told");
	is_int(run_count, 4, "each run by itself,");
	ok(is_run(0, 0, 1) && is_run(1, 3, 5), "from the first page on,");
	ok(is_run(2, 500, 530), "whole, where entries come by several reads,");
	ok(is_run(3, PAGES - 1, PAGES), "up to the last");
	ok(look(2) == -ECANCELED && run_count == 2, "an error ends it");
	pagemap_after_fork();
	ok(!look(0) && run_count == 1 && is_run(0, 0, PAGES), "all is, where nobody can tell");
}

/* NULL: the kernel has no large page to give. */
static uint8_t *large_page(bool *before)
{
	uint8_t *room = sys_mmap(NULL, 2 * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *chunk = (uint8_t *)round_up((uintptr_t)room, CHUNK);

	*before = pagemap_is_huge((uintptr_t)chunk);
	if (!sys_madvise(chunk, CHUNK, MADV_HUGEPAGE))
		chunk[5] = 1;
	return pagemap_is_huge((uintptr_t)chunk + 5 * page_size()) ? chunk : NULL;
}

int main(void)
{
	uint8_t *chunk;
	bool can_scan, before;

	if (pagemap_open(&can_scan)) {
		printf("1..0 # SKIP there is no /proc\n");
		return 0;
	}
	chunk = can_scan ? large_page(&before) : NULL;
	plan(chunk ? 9 : 7);
	if (chunk) {
		ok(!before, "where nothing is mapped no entry stands for a chunk");
		sys_mprotect(chunk, page_size(), PROT_READ);
		ok(!pagemap_is_huge((uintptr_t)chunk + 5 * page_size()), "a large page, of which a part is protected, is none any more");
	}
	copied();
	return done();
}
