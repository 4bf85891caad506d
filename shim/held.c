/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See held.h. */
#include "held.h"

#define HOLDS 32

/* One that is never removed - its thread was thrown out of the call - is overwritten in the end. */
static struct range holds[HOLDS];
static unsigned next;

void held_add(struct range at)
{
	for (unsigned i = 0; i < HOLDS && holds[next].end; i++)
		next = (next + 1) % HOLDS;
	holds[next] = at;
	next = (next + 1) % HOLDS;
}

void held_remove(struct range at)
{
	for (unsigned i = 0; i < HOLDS; i++) {
		if (holds[i].start != at.start || holds[i].end != at.end)
			continue;
		holds[i] = (struct range){ 0, 0 };
		return;
	}
}

struct range held_first(struct range at)
{
	struct range first = { at.end, at.end };

	for (unsigned i = 0; i < HOLDS; i++) {
		struct range hit = range_intersect(holds[i], at);

		if (!range_is_empty(hit) && hit.start < first.start)
			first = hit;
	}
	return first;
}

bool held_any(struct range at)
{
	return !range_is_empty(held_first(at));
}

void held_forget(void)
{
	for (unsigned i = 0; i < HOLDS; i++)
		holds[i] = (struct range){ 0, 0 };
}
