/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See dirtymap.h. */
#include "dirtymap.h"

#include "sys.h"

#define ANY_ROOM (UINT64_C(1) << 24)
#define WORD 64u
#define GROUP ((uint64_t)4096 * 8) /* pages of the file, for one byte of `any` */

static uint64_t bytes_for(uint64_t end)
{
	return page_ceil(round_up(end / page_size() + 1, GROUP) / 8);
}

int dirtymap_map(struct dirtymap *m, int fd, unsigned index, uint64_t end)
{
	uint64_t base = DIRTYMAP_BASE + index * DIRTYMAP_ROOM;
	uint64_t any = page_ceil(bytes_for(end) / 4096 + 1);
	void *a, *b;

	if (m->any && end <= m->end)
		return 0;
	if (bytes_for(end) > DIRTYMAP_ROOM / 2 - ANY_ROOM || any > ANY_ROOM)
		return -EFBIG;
	a = sys_mmap(NULL, any, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, base);
	if (sys_is_error(a))
		return sys_error_of(a);
	b = sys_mmap(NULL, bytes_for(end), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, base + ANY_ROOM);
	if (sys_is_error(b)) {
		sys_munmap(a, any);
		return sys_error_of(b);
	}
	dirtymap_unmap(m);
	m->any = a;
	m->bits = b;
	m->end = end;
	m->index = index;
	return 0;
}

void dirtymap_unmap(struct dirtymap *m)
{
	if (!m->any)
		return;
	sys_munmap(m->any, page_ceil(bytes_for(m->end) / 4096 + 1));
	sys_munmap(m->bits, bytes_for(m->end));
	m->any = NULL;
}

static uint64_t mask_of(uint64_t first, uint64_t end)
{
	uint64_t n = min_u64(end - first, WORD - first % WORD);

	return (n == WORD ? UINT64_MAX : (UINT64_C(1) << n) - 1) << first % WORD;
}

void dirtymap_set(struct dirtymap *m, uint64_t start, uint64_t end)
{
	uint64_t page = start / page_size(), last = page_ceil(min_u64(end, m->end)) / page_size();

	while (page < last) {
		uint64_t mask = mask_of(page, last);

		__atomic_fetch_or(&m->bits[page / WORD], mask, __ATOMIC_SEQ_CST);
		/* Never taken back: a page of bits that was in use once is looked through at every commit. */
		__atomic_store_n(&m->any[page / GROUP], 1, __ATOMIC_SEQ_CST);
		page = (page / WORD + 1) * WORD;
	}
}

static bool is_set(const struct dirtymap *m, uint64_t page)
{
	return m->bits[page / WORD] >> page % WORD & 1;
}

/* The next page at or after `page` that may be set; skips what is surely empty. */
static uint64_t skip_clear(const struct dirtymap *m, uint64_t page, uint64_t last)
{
	while (page < last) {
		if (!m->any[page / GROUP])
			page = (page / GROUP + 1) * GROUP;
		else if (!(m->bits[page / WORD] >> page % WORD))
			page = (page / WORD + 1) * WORD;
		else if (!is_set(m, page))
			page++;
		else
			return page;
	}
	return last;
}

bool dirtymap_next(const struct dirtymap *m, uint64_t *at, uint64_t end, struct range *run)
{
	uint64_t last = page_ceil(min_u64(end, m->end)) / page_size();
	uint64_t page = skip_clear(m, *at / page_size(), last), first = page;

	while (page < last && is_set(m, page))
		page++;
	*at = page * page_size();
	*run = (struct range){ first * page_size(), page * page_size() };
	return first < page;
}

void dirtymap_clear(struct dirtymap *m, struct range run)
{
	uint64_t page = run.start / page_size(), last = run.end / page_size();

	while (page < last) {
		__atomic_fetch_and(&m->bits[page / WORD], ~mask_of(page, last), __ATOMIC_SEQ_CST);
		page = (page / WORD + 1) * WORD;
	}
}
