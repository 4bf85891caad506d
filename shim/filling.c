/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See filling.h. */
#include "filling.h"

#include <sys/mman.h>

#include "kernel.h"
#include "sys.h"

#define STEP_PAGES 32
#define LEAST_NS 500000 /* for less it is not begun */

void filling_earn(struct chunks *c, uint64_t ns)
{
	c->fill_ns = c->fillable ? c->fill_ns + ns / 2 : 0;
}

/* Moves c->fill_at to a place of the file in a closed chunk that is not full, from there on or from the beginning; false: there is none. */
static bool find_place(struct chunks *c, struct range files)
{
	for (int turn = 0; turn < 2; turn++) {
		c->fill_at = max_u64(c->fill_at, files.start);
		while (c->fill_at < files.end) {
			uint64_t i = chunks_index(c, c->fill_at);

			if (open_pages_is_open(&c->closed, i) && !open_pages_is_open(&c->filled, i))
				return true;
			c->fill_at = chunks_start(c, i + 1);
		}
		c->fill_at = 0;
	}
	return false;
}

/* Of a file that it may not write the kernel tells nobody what is in the page cache, and says that all is. */
static bool may_ask(void)
{
	static int64_t who = -1;
	int64_t now = sys_call(SYS_geteuid);

	if (who < 0)
		who = now;
	return who == now;
}

/* What is not in the page cache stays where it is; so does everything if the kernel will not. */
static void fill(struct range at)
{
	uint8_t cached[STEP_PAGES] = { 0 };
	uint64_t page = page_size(), n = (at.end - at.start) / page;

	if (!may_ask() || sys_call(SYS_mincore, at.start, at.end - at.start, cached))
		return;
	for (uint64_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && (cached[end] & 1) == (cached[i] & 1); end++)
			;
		if (cached[i] & 1)
			sys_madvise((uint8_t *)at.start + i * page, (end - i) * page, MADV_POPULATE_READ);
	}
}

bool filling_step(struct chunks *c)
{
	struct range files = range_intersect(c->all, c->files), at;
	uint64_t start, took, i, limit;

	if (!c->fillable || c->fill_ns < LEAST_NS)
		return false;
	c->fillable = find_place(c, files) && !open_pages_reach(&c->filled, c->closed.pages);
	if (!c->fillable)
		return false;
	i = chunks_index(c, c->fill_at);
	limit = min_u64(chunks_start(c, i + 1), files.end);
	at = (struct range){ c->fill_at, min_u64(c->fill_at + STEP_PAGES * page_size(), limit) };
	start = sys_now_ns(CLOCK_MONOTONIC);
	fill(at);
	took = sys_now_ns(CLOCK_MONOTONIC) - start;
	c->fill_ns -= min_u64(took, c->fill_ns);
	c->fill_at = at.end;
	if (at.end == limit)
		open_pages_set(&c->filled, i, i + 1);
	return true;
}
