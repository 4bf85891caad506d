/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See window.h.  A flat table: real programs have a handful of windows per file, rarely hundreds. */
#include "window.h"

#include <string.h>

#include "arena.h"
#include "sys.h"

int window_reserve(struct window_table *t, size_t more)
{
	/* Cutting the middle out of a window adds one, and a change may cut every window. */
	size_t needed = t->count * 2 + more * 2, capacity = t->capacity ? t->capacity : 8;
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

/* Index of the newest window that is exactly `at`, or count. */
static size_t find_exact(const struct window_table *t, struct range at)
{
	for (size_t i = t->count; i-- > 0;) {
		if (is_exactly(t->windows[i].at, at))
			return i;
	}
	return t->count;
}

void window_remove(struct window_table *t, struct range at)
{
	size_t exact = find_exact(t, at);
	struct range hit = { 0, 0 };
	struct window w;
	size_t i;

	if (range_is_empty(at))
		return;
	if (exact < t->count) {
		delete_at(t, exact);
		return;
	}
	for (i = t->count; i-- > 0;) {
		hit = range_intersect(t->windows[i].at, at);
		if (!range_is_empty(hit))
			break;
	}
	if (range_is_empty(hit))
		return;
	w = t->windows[i];
	delete_at(t, i);
	window_add(t, (struct window){ { w.at.start, hit.start }, w.prot, w.may_write });
	window_add(t, (struct window){ { hit.end, w.at.end }, w.prot, w.may_write });
	/* What this window did not cover costs another one, to the left and to the right. */
	if (at.start < hit.start)
		window_remove(t, (struct range){ at.start, hit.start });
	if (hit.end < at.end)
		window_remove(t, (struct range){ hit.end, at.end });
}

int window_protect(struct window_table *t, struct range at, int prot)
{
	size_t exact = find_exact(t, at), before = t->count;

	for (size_t i = 0; i < before && (prot & PROT_WRITE); i++) {
		struct range hit = range_intersect(t->windows[i].at, at);

		if (!range_is_empty(hit) && !t->windows[i].may_write &&
		    (exact == t->count || i == exact))
			return -EACCES;
	}
	if (exact < t->count) {
		t->windows[exact].prot = prot;
		return 0;
	}
	for (size_t i = 0; i < before; i++) {
		struct window w = t->windows[i];
		struct range hit = range_intersect(w.at, at);

		if (range_is_empty(hit))
			continue;
		t->windows[i].at = hit;
		t->windows[i].prot = prot;
		window_add(t, (struct window){ { w.at.start, hit.start }, w.prot, w.may_write });
		window_add(t, (struct window){ { hit.end, w.at.end }, w.prot, w.may_write });
	}
	return 0;
}

int window_prot(const struct window_table *t, uint64_t addr, uint64_t limit, uint64_t *end)
{
	int prot = 0;

	*end = limit;
	for (size_t i = 0; i < t->count; i++) {
		const struct window *w = &t->windows[i];

		if (w->at.start > addr) {
			*end = min_u64(*end, w->at.start);
		} else if (w->at.end > addr) {
			*end = min_u64(*end, w->at.end);
			prot |= w->prot;
		}
	}
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

const struct window *window_find(const struct window_table *t, struct range at)
{
	for (size_t i = t->count; i-- > 0;) {
		if (t->windows[i].at.start <= at.start && at.end <= t->windows[i].at.end)
			return &t->windows[i];
	}
	return NULL;
}
