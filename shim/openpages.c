/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See openpages.h. */
#include "openpages.h"

#include <string.h>

#include "page.h"
#include "sys.h"

#define WORD_PAGES 64u

/* Bits are reserved, not used: untouched parts of the bitmap cost nothing. */
int open_pages_reach(struct open_pages *o, uint64_t pages)
{
	uint64_t bytes = page_ceil(round_up(pages, WORD_PAGES) / 8);
	void *p;

	if (pages <= o->pages)
		return 0;
	p = sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (sys_is_error(p))
		return -ENOMEM;
	if (o->bits)
		memcpy(p, o->bits, o->mapped);
	/* The old one stays: somebody may be reading it without the lock. */
	__atomic_store_n(&o->bits, p, __ATOMIC_RELEASE);
	o->mapped = bytes;
	/* Last: who sees that there is room sees the bits too. */
	__atomic_store_n(&o->pages, pages, __ATOMIC_RELEASE);
	return 0;
}

void open_pages_free(struct open_pages *o)
{
	if (o->bits)
		sys_munmap(o->bits, o->mapped);
	o->bits = NULL;
}

/* Changed by one at a time; looked at by anybody. */
static uint64_t word_of(const struct open_pages *o, uint64_t page)
{
	return __atomic_load_n(&o->bits[page / WORD_PAGES], __ATOMIC_RELAXED);
}

static void put_word(struct open_pages *o, uint64_t page, uint64_t word)
{
	__atomic_store_n(&o->bits[page / WORD_PAGES], word, __ATOMIC_RELAXED);
}

static uint64_t room_of(const struct open_pages *o)
{
	return __atomic_load_n(&o->pages, __ATOMIC_ACQUIRE);
}

bool open_pages_is_open(const struct open_pages *o, uint64_t page)
{
	return page < room_of(o) && (word_of(o, page) >> page % WORD_PAGES & 1);
}

void open_pages_set(struct open_pages *o, uint64_t first, uint64_t end)
{
	while (first < end) {
		if (first % WORD_PAGES == 0 && end - first >= WORD_PAGES) {
			put_word(o, first, UINT64_MAX);
			first += WORD_PAGES;
		} else {
			put_word(o, first, word_of(o, first) | UINT64_C(1) << first % WORD_PAGES);
			first++;
		}
	}
}

void open_pages_clear(struct open_pages *o, uint64_t first, uint64_t end)
{
	while (first < end) {
		if (first % WORD_PAGES == 0 && end - first >= WORD_PAGES) {
			put_word(o, first, 0);
			first += WORD_PAGES;
		} else {
			put_word(o, first, word_of(o, first) & ~(UINT64_C(1) << first % WORD_PAGES));
			first++;
		}
	}
}

uint64_t open_pages_first(const struct open_pages *o, uint64_t page, uint64_t end)
{
	uint64_t limit = min_u64(end, room_of(o));

	while (page < limit && !open_pages_is_open(o, page))
		page = word_of(o, page) >> page % WORD_PAGES ? page + 1 : (page / WORD_PAGES + 1) * WORD_PAGES;
	return page < limit ? page : end;
}

uint64_t open_pages_start(const struct open_pages *o, uint64_t page, uint64_t first)
{
	while (page > first && open_pages_is_open(o, page - 1))
		page -= page % WORD_PAGES == 0 && page - first >= WORD_PAGES && word_of(o, page - 1) == UINT64_MAX ? WORD_PAGES : 1;
	return page;
}

bool open_pages_next(const struct open_pages *o, uint64_t page, uint64_t end, uint64_t *first,
		     uint64_t *run_end)
{
	end = min_u64(end, room_of(o));
	page = open_pages_first(o, page, end);
	if (page >= end)
		return false;
	*first = page;
	while (page < end && open_pages_is_open(o, page))
		page = page % WORD_PAGES == 0 && word_of(o, page) == UINT64_MAX ? page + WORD_PAGES : page + 1;
	*run_end = min_u64(page, end);
	return true;
}
