/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See window.h.  A flat table: real programs have a handful of windows per file, rarely hundreds. */
#include "window.h"

#include <string.h>

#include "arena.h"
#include "sys.h"

int window_reserve(struct window_table *t, size_t more)
{
	/* Changing the middle of a window adds two, and a change may meet every window twice. */
	size_t needed = t->count * 5 + more * 2, capacity = t->capacity ? t->capacity : 8;
	struct window *bigger;

	if (needed <= t->capacity)
		return 0;
	while (capacity < needed)
		capacity *= 2;
	bigger = arena_alloc(capacity * sizeof *bigger);
	if (!bigger)
		return -ENOMEM;
	if (t->count)
		memcpy(bigger, t->windows, t->count * sizeof *bigger);
	arena_free(t->windows, t->capacity * sizeof *bigger);
	t->windows = bigger;
	t->capacity = capacity;
	return 0;
}

void window_add(struct window_table *t, struct window w)
{
	if (!range_is_empty(w.at))
		t->windows[t->count++] = w;
}

static void delete_at(struct window_table *t, size_t i)
{
	memmove(t->windows + i, t->windows + i + 1, (t->count - i - 1) * sizeof *t->windows);
	t->count--;
}

static bool is_exactly(struct range a, struct range b)
{
	return a.start == b.start && a.end == b.end;
}

/* How much a window allows: where several lie on a page, the one that allows least is the one to give up. */
static int generosity(const struct window *w)
{
	return 4 * !!(w->prot & PROT_WRITE) + 2 * !!(w->prot & PROT_READ) + w->may_write;
}

/*
 * The window to take off when the program speaks of `at`: which of those that lie there it means cannot be
 * told.  The least generous, rather one that is exactly `at`, rather a newer one.  count: none.
 */
static size_t choose(const struct window_table *t, struct range at, bool that_may_write)
{
	size_t best = t->count;

	for (size_t i = t->count; i-- > 0;) {
		const struct window *w = &t->windows[i];
		int more;

		if (range_is_empty(range_intersect(w->at, at)) || (that_may_write && !w->may_write))
			continue;
		more = best < t->count ? generosity(w) - generosity(&t->windows[best]) : -1;
		if (more < 0 || (more == 0 && is_exactly(w->at, at) && !is_exactly(t->windows[best].at, at)))
			best = i;
	}
	return best;
}

/* Takes the part of window i in `at` off, and returns it. */
static struct window cut_out(struct window_table *t, size_t i, struct range at)
{
	struct window w = t->windows[i], part = w;

	part.at = range_intersect(w.at, at);
	delete_at(t, i);
	window_add(t, (struct window){ { w.at.start, part.at.start }, w.prot, w.may_write });
	window_add(t, (struct window){ { part.at.end, w.at.end }, w.prot, w.may_write });
	return part;
}

/* A window that was taken off may have been the wrong one: one that stays gets the rights that only it had. */
static void pass_on(struct window_table *t, struct window from, struct range at)
{
	size_t i = range_is_empty(at) ? t->count : choose(t, at, false);
	struct range hit;

	if (i == t->count)
		return;
	hit = range_intersect(t->windows[i].at, at);
	if ((t->windows[i].prot | from.prot) != t->windows[i].prot || from.may_write > t->windows[i].may_write) {
		struct window heir = cut_out(t, i, at);

		heir.prot |= from.prot;
		heir.may_write |= from.may_write;
		window_add(t, heir);
	}
	pass_on(t, from, (struct range){ at.start, hit.start });
	pass_on(t, from, (struct range){ hit.end, at.end });
}

void window_remove(struct window_table *t, struct range at)
{
	size_t i = range_is_empty(at) ? t->count : choose(t, at, false);
	struct window part;

	if (i == t->count)
		return;
	part = cut_out(t, i, at);
	pass_on(t, part, part.at);
	/* What this window did not cover costs another one, to the left and to the right. */
	window_remove(t, (struct range){ at.start, part.at.start });
	window_remove(t, (struct range){ part.at.end, at.end });
}

static bool may_all_write(const struct window_table *t, struct range at)
{
	while (at.start < at.end) {
		size_t i = choose(t, (struct range){ at.start, at.start + 1 }, true);

		if (i == t->count)
			return false;
		at.start = t->windows[i].at.end;
	}
	return true;
}

static void protect(struct window_table *t, struct range at, int prot)
{
	size_t i = range_is_empty(at) ? t->count : choose(t, at, prot & PROT_WRITE);
	struct window part;

	if (i == t->count)
		return;
	part = cut_out(t, i, at);
	part.prot = prot;
	window_add(t, part);
	protect(t, (struct range){ at.start, part.at.start }, prot);
	protect(t, (struct range){ part.at.end, at.end }, prot);
}

int window_protect(struct window_table *t, struct range at, int prot)
{
	if ((prot & PROT_WRITE) && !may_all_write(t, at))
		return -EACCES;
	protect(t, at, prot);
	return 0;
}

unsigned window_count(const struct window_table *t, uint64_t addr, uint64_t limit, uint64_t *end, int *prot)
{
	unsigned n = 0;

	*end = limit;
	*prot = 0;
	for (size_t i = 0; i < t->count; i++) {
		const struct window *w = &t->windows[i];

		if (w->at.start > addr) {
			*end = min_u64(*end, w->at.start);
		} else if (w->at.end > addr) {
			*end = min_u64(*end, w->at.end);
			*prot |= w->prot;
			n++;
		}
	}
	return n;
}

int window_prot(const struct window_table *t, uint64_t addr, uint64_t limit, uint64_t *end)
{
	int prot;

	window_count(t, addr, limit, end, &prot);
	return prot;
}

bool window_covers(const struct window_table *t, struct range at)
{
	while (at.start < at.end) {
		uint64_t reach = at.start;

		for (size_t i = 0; i < t->count; i++) {
			if (t->windows[i].at.start <= at.start)
				reach = max_u64(reach, t->windows[i].at.end);
		}
		if (reach == at.start)
			return false;
		at.start = reach;
	}
	return true;
}

struct window window_take(struct window_table *t, struct range at)
{
	struct range first = { at.start, at.start + 1 };
	uint64_t end;
	struct window taken = { at, window_prot(t, at.start, at.end, &end), choose(t, first, true) < t->count };

	window_remove(t, at);
	return taken;
}
