/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See buffers.h. */
#include "buffers.h"

#include <errno.h>
#include <sys/mman.h>

#include "fault.h"
#include "guard.h"
#include "holding.h"

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
	holding_begin(v, at);
}

static void release(struct view *v, struct range at)
{
	holding_end(at);
}

bool buffers_may_store(const void *p)
{
	uint64_t page = page_floor((uintptr_t)p), end;
	IN_HAND struct view *v = view_get_at((uintptr_t)p);
	bool may = true;

	if (v) {
		lock_take(&window_lock);
		may = window_prot(&v->windows, page, page + page_size(), &end) & PROT_WRITE;
		lock_release(&window_lock);
	}
	return may;
}

/* No handler of the program may run meanwhile: a fault of its own would end here. */
static int copy(void *to, const void *from, size_t length)
{
	uint64_t mask = signals_block();
	int err = guard_copy(to, from, length) ? -EFAULT : 0;

	signals_restore(mask);
	return err;
}

int buffers_store(void *to, const void *from, size_t length)
{
	/* At once what would else be a fault for each page. */
	each_part(to, length, fault_prepare);
	return copy(to, from, length);
}

int buffers_fetch(void *to, const void *from, size_t length)
{
	return copy(to, from, length);
}

struct opening {
	uintptr_t at, end;
};

static void open_now(void *arg)
{
	struct opening *o = arg;

	for (; o->at < o->end; o->at = page_floor(o->at) + page_size())
		__atomic_fetch_or((uint8_t *)o->at, 0, __ATOMIC_RELAXED);
}

int buffers_open(const void *p, size_t length)
{
	struct opening o = { (uintptr_t)p, (uintptr_t)p + length };
	uint64_t mask = signals_block();
	int err = guard_run(open_now, &o) ? -EFAULT : 0;

	signals_restore(mask);
	return err;
}

void buffers_before_load(const void *p, size_t length)
{
	each_part(p, length, hold);
}

void buffers_after(const void *p, size_t length)
{
	each_part(p, length, release);
}
