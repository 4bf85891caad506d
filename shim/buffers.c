/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See buffers.h. */
#include "buffers.h"

#include "fault.h"
#include "reach.h"

typedef void (*part_fn)(struct view *v, struct range at);

static void each_part(const void *p, size_t length, part_fn fn)
{
	struct range at = { page_floor((uintptr_t)p), page_ceil((uintptr_t)p + length) }, inside;

	if (!length || !view_overlaps((uintptr_t)p, length))
		return;
	while (at.start < at.end) {
		IN_HAND struct view *v = view_get_first_in(at, &inside);

		if (!v)
			return;
		fn(v, inside);
		at.start = inside.end;
	}
}

static void hold(struct view *v, struct range at)
{
	if (v->partial)
		reach_hold(v, at);
}

static void release(struct view *v, struct range at)
{
	if (v->partial)
		reach_release(at);
}

void buffers_before_store(const void *p, size_t length)
{
	each_part(p, length, fault_prepare);
}

void buffers_refused_store(const void *p, size_t length)
{
	each_part(p, length, fault_prepare_refused);
}

void buffers_before_load(const void *p, size_t length)
{
	each_part(p, length, hold);
}

void buffers_after(const void *p, size_t length)
{
	each_part(p, length, release);
}
