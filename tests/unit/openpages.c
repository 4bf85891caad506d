/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Open pages: runs are found from both ends, as by looking at each page. */
#include "openpages.h"

#include <stdlib.h>

#include "tap.h"

#define PAGES 1000

static bool model[PAGES];

static bool is_start(const struct open_pages *o, uint64_t page, uint64_t first)
{
	uint64_t start = page;

	while (start > first && model[start - 1])
		start--;
	return open_pages_start(o, page, first) == start;
}

static bool is_run(const struct open_pages *o, uint64_t page, uint64_t end)
{
	uint64_t first = page, stop, found, found_end;

	while (first < end && !model[first])
		first++;
	for (stop = first; stop < end && model[stop];)
		stop++;
	if (open_pages_first(o, page, end) != first || open_pages_next(o, page, end, &found, &found_end) != (first < end))
		return false;
	return first == end || (found == first && found_end == stop);
}

int main(void)
{
	struct open_pages o = { 0 };
	bool starts = true, runs = true;

	plan(3);
	ok(!open_pages_reach(&o, PAGES), "there is room");
	srand(7);
	for (int round = 0; round < 300; round++) {
		uint64_t first = (uint64_t)rand() % PAGES, end = first + (uint64_t)rand() % (PAGES - first + 1);
		bool open = rand() % 3;

		if (open)
			open_pages_set(&o, first, end);
		else
			open_pages_clear(&o, first, end);
		for (uint64_t i = first; i < end; i++)
			model[i] = open;
		for (uint64_t page = 0; page < PAGES; page++) {
			uint64_t from = (uint64_t)rand() % (page + 1);

			starts = starts && (!model[page] || is_start(&o, page, from));
			runs = runs && is_run(&o, from, page);
		}
	}
	ok(starts, "where runs begin");
	ok(runs, "the next run, and where it ends");
	open_pages_free(&o);
	return done();
}
