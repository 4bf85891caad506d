/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See addresses.h. */
#include "addresses.h"

#include "sys.h"

struct range addresses_bounds = { UINT64_MAX, 0 };

/* Sorted, apart from each other.  What was never used costs no memory. */
static struct entry {
	uint64_t start;
	uint64_t end;
	struct view *view;
} entries[ADDRESSES];
static unsigned count;
static uint32_t sequence;

static void begin_change(void)
{
	__atomic_store_n(&sequence, sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void end_change(void)
{
	__atomic_store_n(&sequence, sequence + 1, __ATOMIC_RELEASE);
}

/* The first entry that ends behind at. */
static unsigned search(uint64_t at, unsigned n)
{
	unsigned low = 0, high = n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (__atomic_load_n(&entries[middle].end, __ATOMIC_RELAXED) <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t read_sequence(void)
{
	uint32_t seen;

	while ((seen = __atomic_load_n(&sequence, __ATOMIC_ACQUIRE)) & 1)
		sys_call(SYS_sched_yield);
	return seen;
}

bool addresses_changed(uint32_t seen)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&sequence, __ATOMIC_RELAXED) != seen;
}

struct view *addresses_first_in(struct range at, struct range *inside, uint32_t *seen)
{
	for (;;) {
		struct view *found = NULL;
		unsigned n, i;

		*seen = read_sequence();
		n = __atomic_load_n(&count, __ATOMIC_RELAXED);
		i = search(at.start, n);
		if (i < n) {
			struct range known = { __atomic_load_n(&entries[i].start, __ATOMIC_RELAXED),
					       __atomic_load_n(&entries[i].end, __ATOMIC_RELAXED) };

			*inside = range_intersect(at, known);
			if (!range_is_empty(*inside))
				found = __atomic_load_n(&entries[i].view, __ATOMIC_RELAXED);
		}
		if (!addresses_changed(*seen))
			return found;
	}
}

bool addresses_really_overlap(uintptr_t at, size_t length)
{
	struct range inside;
	uint32_t seen;

	return addresses_first_in((struct range){ at, at + length }, &inside, &seen) != NULL;
}

/* Before the addresses are in the table, so that nobody is told too soon that there is nothing. */
static void widen_bounds(uint64_t start, uint64_t end)
{
	if (start < addresses_bounds.start)
		__atomic_store_n(&addresses_bounds.start, start, __ATOMIC_RELEASE);
	if (end > addresses_bounds.end)
		__atomic_store_n(&addresses_bounds.end, end, __ATOMIC_RELEASE);
}

/* Word by word, atomically: others look meanwhile, and find out afterwards that it was in vain. */
static void put(unsigned i, const struct entry *e)
{
	__atomic_store_n(&entries[i].start, e->start, __ATOMIC_RELAXED);
	__atomic_store_n(&entries[i].end, e->end, __ATOMIC_RELAXED);
	__atomic_store_n(&entries[i].view, e->view, __ATOMIC_RELAXED);
}

int addresses_add(struct range at, struct view *v)
{
	unsigned i = search(at.start, count);

	if (count == ADDRESSES)
		return -ENFILE;
	widen_bounds(at.start, at.end);
	begin_change();
	for (unsigned k = count; k > i; k--)
		put(k, &entries[k - 1]);
	put(i, &(struct entry){ at.start, at.end, v });
	__atomic_store_n(&count, count + 1, __ATOMIC_RELAXED);
	end_change();
	return 0;
}

void addresses_grow(uint64_t start, uint64_t end)
{
	unsigned i = search(start, count);

	widen_bounds(start, end);
	__atomic_store_n(&entries[i].end, end, __ATOMIC_RELEASE);
}

void addresses_remove(uint64_t start)
{
	unsigned i = search(start, count);

	begin_change();
	__atomic_store_n(&count, count - 1, __ATOMIC_RELAXED);
	for (; i < count; i++)
		put(i, &entries[i + 1]);
	end_change();
	/* Narrower: who is told that there is nothing is told the truth. */
	__atomic_store_n(&addresses_bounds.start, count ? entries[0].start : UINT64_MAX, __ATOMIC_RELEASE);
	__atomic_store_n(&addresses_bounds.end, count ? entries[count - 1].end : 0, __ATOMIC_RELEASE);
}
