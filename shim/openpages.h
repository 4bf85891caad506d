/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages of a segment the mprotect tracker has opened, or are within reach (reach.h): a bitmap, one bit per page from the segment's first address on.
 *
 * Units: pages, ranges half-open.  Changed under the window lock, by the fault handler too; read without it by who knows that what
 * he asks for does not change.
 */
#ifndef BIGFILE_OPENPAGES_H
#define BIGFILE_OPENPAGES_H

#include <stdbool.h>
#include <stdint.h>

struct open_pages {
	uint64_t *bits;
	uint64_t pages;  /* that bits has room for */
	uint64_t mapped; /* bytes reserved for bits */
	uint64_t runs;   /* of open pages, roughly: what they cost in memory areas */
};

/* Room for that many pages.  0 or -ENOMEM. */
int open_pages_reach(struct open_pages *o, uint64_t pages);
void open_pages_free(struct open_pages *o);
bool open_pages_is_open(const struct open_pages *o, uint64_t page);
void open_pages_set(struct open_pages *o, uint64_t first, uint64_t end);
void open_pages_clear(struct open_pages *o, uint64_t first, uint64_t end);
/* The first open page from `page` on; end: there is none below that. */
uint64_t open_pages_first(const struct open_pages *o, uint64_t page, uint64_t end);
/* Where the run begins, not before `first`, that ends with this page, which is open. */
uint64_t open_pages_start(const struct open_pages *o, uint64_t page, uint64_t first);
/* The first one, and the end of its run, for which all of the run is looked at; false when there is none below end. */
bool open_pages_next(const struct open_pages *o, uint64_t page, uint64_t end, uint64_t *first, uint64_t *run_end);

#endif
