/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See saved.h. */
#include "saved.h"

#include <string.h>

#include "gate.h"
#include "guard.h"
#include "sys.h"
#include "tracker.h"

/* Each is a page of memory, and splits a memory area in three: no more than a quarter of what vm.max_map_count usually allows. */
#define PLACES 8192u
#define BUCKETS (2 * PLACES)

static enum { NO_CUT, CLOSING, CUT } phase;
static bool any; /* page opened since the cut was begun */

/* Those that were opened again, of this turn and of the one before. */
static uint64_t reopened[2][PLACES];
static unsigned reopened_count, side;

static uint8_t *memory; /* of the places; NULL: none */
static uint64_t saved[PLACES]; /* the page in each; 0: none */
static const struct view *views[PLACES];
static uint16_t unused[PLACES]; /* places that were used and are not any more */
static unsigned unused_count, used_end;
static uint16_t buckets[BUCKETS]; /* 1 + a place; 0: none */
static bool full;

void saved_prepare(void)
{
	void *p;

	if (memory)
		return;
	p = sys_mmap(NULL, PLACES * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	memory = sys_is_error(p) ? NULL : p;
}

void saved_closing(void)
{
	phase = CLOSING;
	reopened_count = unused_count = used_end = 0;
	full = any = false;
	memset(buckets, 0, sizeof buckets);
}

void saved_cut(void)
{
	phase = CUT;
}

bool saved_end(void)
{
	phase = NO_CUT;
	return any;
}

void saved_drop(void)
{
	if (used_end)
		sys_madvise(memory, used_end * page_size(), MADV_DONTNEED);
}

bool saved_is_cut(void)
{
	return phase == CUT;
}

unsigned saved_reopened(const uint64_t **pages)
{
	unsigned count = reopened_count;

	*pages = reopened[side];
	side = !side;
	reopened_count = 0;
	return count;
}

unsigned saved_pages(const uint64_t **pages)
{
	*pages = saved;
	return used_end;
}

/* Its bucket, or the free one where it would go. */
static uint16_t *bucket_of(uint64_t page)
{
	uint64_t i = page / page_size() * UINT64_C(0x9E3779B97F4A7C15) >> 32;

	for (;; i++) {
		uint16_t *b = &buckets[i % BUCKETS];

		if (!*b || saved[*b - 1] == page)
			return b;
	}
}

static uint8_t *memory_of(unsigned place)
{
	return memory + place * page_size();
}

const uint8_t *saved_page(uint64_t page)
{
	uint16_t *b = bucket_of(page);

	return *b ? memory_of(*b - 1u) : NULL;
}

static void forget_taken(void)
{
	memset(buckets, 0, sizeof buckets);
	for (unsigned i = 0; i < used_end; i++) {
		if (saved[i] && saved[i] < views[i]->taken) {
			saved[i] = 0;
			unused[unused_count++] = (uint16_t)i;
		}
	}
	for (unsigned i = 0; i < used_end; i++) {
		if (saved[i])
			*bucket_of(saved[i]) = (uint16_t)(i + 1);
	}
}

void saved_make_room(void)
{
	static unsigned calls;

	if (used_end - unused_count < PLACES / 2 || (!full && ++calls % 32))
		return;
	forget_taken();
	if (full)
		gate_look_again();
	full = false;
}

static int note(uint64_t page)
{
	if (reopened_count == PLACES)
		return -EAGAIN;
	reopened[side][reopened_count++] = page;
	return 0;
}

static int save(const struct view *v, uint64_t page)
{
	uint16_t *b = bucket_of(page);
	unsigned place = unused_count ? unused[unused_count - 1] : used_end;

	if (*b)
		return 0;
	full = place == PLACES;
	/* A page that cannot be read will tell its own thread, once the gate is open. */
	if (full || !memory || guard_copy(memory_of(place), (const void *)page, page_size()))
		return -EAGAIN;
	if (unused_count)
		unused_count--;
	else
		used_end++;
	saved[place] = page;
	views[place] = v;
	*b = (uint16_t)(place + 1);
	return 0;
}

/* The page stays closed, and is as it was. */
static void forget_last(uint64_t page)
{
	uint16_t *b = bucket_of(page);

	if (!*b)
		return;
	saved[*b - 1] = 0;
	unused[unused_count++] = *b - 1u;
	*b = 0;
}

int saved_open_page(struct view *v, uint64_t page)
{
	struct range at = { page, page + page_size() };
	bool before = phase == CUT && saved_page(page);
	int err = -EAGAIN;

	any |= phase != NO_CUT;
	if (phase == CLOSING)
		err = note(page);
	else if (phase == CUT)
		err = page < v->taken ? 0 : save(v, page);
	if (!err)
		err = v->tracker->fault(v, page, at);
	/* What cannot be opened now will be when all is. */
	if (err && phase == CUT && !before)
		forget_last(page);
	return err ? -EAGAIN : 0;
}
