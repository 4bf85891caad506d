/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See holding.h. */
#include "holding.h"

#include <errno.h>

#include "held.h"
#include "loading.h"
#include "reach.h"

int holding_begin(struct view *v, struct range at)
{
	bool partial;

	lock_take(&window_lock);
	held_add(at);
	partial = v->partial;
	lock_release(&window_lock);
	return partial ? reach_bring(v, at) : 0;
}

void holding_end(struct range at)
{
	lock_take(&window_lock);
	held_remove(at);
	lock_release(&window_lock);
}

static bool is_loaded(const struct view *v, const struct segment *s, struct range at)
{
	return loading_has(v, view_offset(s, at.start), view_offset(s, at.end));
}

bool holding_lacks(const struct view *v, struct range *absent)
{
	for (unsigned i = 0; i < v->segment_count; i++) {
		const struct segment *s = &v->segments[i];
		struct range rest = s->at, hold;

		for (; hold = held_first(rest), !range_is_empty(hold); rest.start = hold.end) {
			*absent = (struct range){ view_offset(s, hold.start), view_offset(s, hold.end) };
			if (!is_loaded(v, s, hold))
				return true;
		}
	}
	return false;
}

int holding_keep(struct view *v, const struct segment *s, struct range at)
{
	return range_is_empty(at) ? 0 : !is_loaded(v, s, at) ? -EIO : reach_note(v, s, at);
}
