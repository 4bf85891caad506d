/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page arithmetic and half-open ranges.
 *
 * Units: everything is in bytes unless a name says pages.  A range is [start, end).
 */
#ifndef BIGFILE_PAGE_H
#define BIGFILE_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/auxv.h>

struct range {
	uint64_t start;
	uint64_t end;
};

/* The vDSO-less way that costs a few instructions and needs no initialisation. */
static inline uint64_t page_size(void)
{
	static uint64_t size;

	uint64_t known = __atomic_load_n(&size, __ATOMIC_RELAXED);

	if (known == 0) {
		known = getauxval(AT_PAGESZ);
		__atomic_store_n(&size, known, __ATOMIC_RELAXED);
	}
	return known;
}

static inline uint64_t page_floor(uint64_t x)
{
	return x & ~(page_size() - 1);
}

static inline uint64_t page_ceil(uint64_t x)
{
	return (x + page_size() - 1) & ~(page_size() - 1);
}

static inline uint64_t round_up(uint64_t x, uint64_t unit)
{
	return (x + unit - 1) / unit * unit;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline bool range_is_empty(struct range r)
{
	return r.start >= r.end;
}

static inline struct range range_intersect(struct range a, struct range b)
{
	struct range r = { max_u64(a.start, b.start), min_u64(a.end, b.end) };

	return r;
}

#endif
