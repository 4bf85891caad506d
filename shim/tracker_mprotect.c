/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mprotect tracker: every page is read-only until it is stored to; the fault handler opens it and
 * notes it in a bitmap.  For kernels without userfaultfd WP_ASYNC, and where it is denied.
 *
 * An open page is dirty - or, where /proc/self/pagemap can be read, only if the kernel has copied it, so that
 * opening more than was stored to costs little.  That matters because each run of open pages is a memory area
 * of its own and vm.max_map_count is soon reached: the more runs there are, the larger the unit that a
 * fault opens, up to the whole window.
 *
 * Locks: the bitmap and the protection of pages change under the window lock, which the handler
 * holds when it calls fault(); the other functions take it themselves.
 */
#include "tracker.h"

#include "arena.h"
#include "closing.h"
#include "guard.h"
#include "openpages.h"
#include "pagemap.h"
#include "proc.h"
#include "sys.h"

static bool have_pagemap;
static uint64_t max_runs;

static struct open_pages *open_pages_of(struct view *v, const struct segment *s)
{
	return (struct open_pages *)v->tracking + (s - v->segments);
}

static int start(void)
{
	bool can_scan;

	have_pagemap = pagemap_open(&can_scan) == 0;
	/* A run costs its own area and the one behind it; leave half of all to the program. */
	max_runs = proc_max_map_count() / 4;
	return 0;
}

static int attach(struct view *v)
{
	v->tracking = arena_alloc(VIEW_SEGMENTS * sizeof(struct open_pages));
	return v->tracking ? 0 : -ENOMEM;
}

static void detach(struct view *v)
{
	for (unsigned i = 0; v->tracking && i < VIEW_SEGMENTS; i++)
		open_pages_free((struct open_pages *)v->tracking + i);
	arena_free(v->tracking, VIEW_SEGMENTS * sizeof(struct open_pages));
	v->tracking = NULL;
}

static uint64_t page_index(const struct segment *s, uint64_t at)
{
	return (at - s->at.start) / page_size();
}

/* Under the window lock.  Notes first, then opens: a page is never storable and unknown. */
static int open_now(struct view *v, struct range at)
{
	struct segment *s = view_segment_at(v, at.start);
	struct open_pages *o = open_pages_of(v, s);
	uint64_t first = page_index(s, at.start), end = page_index(s, at.end);
	bool left, right;
	int err = open_pages_reach(o, page_index(s, s->at.end));

	if (err)
		return err;
	left = first > 0 && open_pages_is_open(o, first - 1);
	right = open_pages_is_open(o, end);
	if (!left && !right)
		o->runs++;
	else if (left && right && o->runs > 0)
		o->runs--;
	open_pages_set(o, first, end);
	return sys_mprotect((void *)at.start, at.end - at.start, PROT_READ | PROT_WRITE);
}

/* How many pages a fault opens, by the number of runs there are. */
static uint64_t unit_now(const struct open_pages *o)
{
	if (o->runs < max_runs / 2)
		return page_size();
	if (o->runs < max_runs * 3 / 4)
		return 16 * page_size();
	if (o->runs < max_runs)
		return 512 * page_size();
	return UINT64_MAX;
}

static int fault(struct view *v, uint64_t page, struct range writable)
{
	struct segment *s = view_segment_at(v, page);
	uint64_t unit = unit_now(open_pages_of(v, s));
	struct range at = writable;
	int err = -ENOMEM;

	/* Another thread was faster; or the page was out of reach meanwhile, or frozen, and is noted all the time. */
	if (open_pages_is_open(open_pages_of(v, s), page_index(s, page))) {
		err = sys_mprotect((void *)page, page_size(), PROT_READ | PROT_WRITE);
	} else if (unit != UINT64_MAX) {
		at = range_intersect((struct range){ page / unit * unit, page / unit * unit + unit },
				     writable);
		err = open_now(v, at);
	}
	if (err != -ENOMEM)
		return err;
	open_pages_of(v, s)->runs = 0;
	return open_now(v, writable); /* No areas left: one area for the whole window gives some back. */
}

static int open_range(struct view *v, struct range at)
{
	int err;

	lock_take(&window_lock);
	err = open_now(v, at);
	lock_release(&window_lock);
	return err;
}

/* Open pages close when they are collected. */
static void close_range_again(struct view *v, struct range at)
{
}

static int protect_run(void *arg, struct range run, int prot)
{
	struct view *v = arg;
	struct segment *s = view_segment_at(v, run.start);
	struct open_pages *o = open_pages_of(v, s);
	uint64_t page = page_index(s, run.start), end = page_index(s, run.end), first, stop;
	/* The books first: a store that finds no memory for them could not be told. */
	int err = open_pages_reach(o, page_index(s, s->at.end));

	if (!err)
		err = sys_mprotect((void *)run.start, run.end - run.start, PROT_READ);
	/* What is open stays noted as dirty; it is open again only where stores are allowed. */
	while (!err && (prot & PROT_WRITE) && open_pages_next(o, page, end, &first, &stop)) {
		err = sys_mprotect((void *)(s->at.start + first * page_size()),
				   (stop - first) * page_size(), PROT_READ | PROT_WRITE);
		page = stop;
	}
	return err;
}

static int protect(struct view *v, struct range at)
{
	int err;

	lock_take(&window_lock);
	err = tracker_each_run(v, at, protect_run, v);
	lock_release(&window_lock);
	return err;
}

static int reach(struct view *v, struct range at)
{
	return tracker_each_run(v, at, protect_run, v);
}

static void forget(struct view *v, struct range at)
{
	struct segment *s = view_segment_at(v, at.start);
	struct open_pages *o = open_pages_of(v, s);

	lock_take(&window_lock);
	open_pages_clear(o, min_u64(page_index(s, at.start), o->pages),
		   min_u64(page_index(s, at.end), o->pages));
	lock_release(&window_lock);
}

static int collect_segment(struct view *v, struct segment *s, struct range at, tracker_dirty_fn fn, void *arg)
{
	struct range_list closed = { NULL, 0, 0 };
	int err = closing_collect(v, s, open_pages_of(v, s), at, &closed);

	for (size_t i = 0; i < closed.count && !err; i++) {
		struct range run = closed.ranges[i];

		/* Of a closed run what was really stored to.  One page by itself was opened by a store: to ask costs as much as to compare
		   it.  Where it cannot be read the store has failed. */
		if (run.end - run.start == page_size() && guard_can_read((const void *)run.start, 1))
			err = fn(arg, v, s, run);
		else
			err = tracker_each_copied(v, s, run, fn, arg);
	}
	range_list_free(&closed);
	return err;
}

static int collect(struct view *v, tracker_dirty_fn fn, void *arg)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct range at = segment_range(&v->segments[i], 0, page_ceil(v->size));

		if (!range_is_empty(at))
			err = collect_segment(v, &v->segments[i], at, fn, arg);
	}
	/* What was closed and not reported is found all the same. */
	if (err)
		v->carry_all = true;
	return err;
}

static int each_open(struct view *v, struct segment *s, struct range at, tracker_dirty_fn fn, void *arg)
{
	uint64_t page = page_index(s, at.start), end = page_index(s, at.end), first, stop;
	int err = 0;

	for (; !err && open_pages_next(open_pages_of(v, s), page, end, &first, &stop); page = stop)
		err = fn(arg, v, s, (struct range){ s->at.start + first * page_size(), s->at.start + stop * page_size() });
	return err;
}

struct looking {
	tracker_dirty_fn fn;
	void *arg;
};

static int look_at_run(void *arg, struct view *v, const struct segment *s, struct range at)
{
	const struct looking *l = arg;

	return tracker_each_copied(v, s, at, l->fn, l->arg);
}

static int look(struct view *v, tracker_dirty_fn fn, void *arg)
{
	struct looking l = { fn, arg };
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct range at = segment_range(&v->segments[i], 0, page_ceil(v->size));

		if (!range_is_empty(at))
			err = each_open(v, &v->segments[i], at, look_at_run, &l);
	}
	return err;
}

struct counting {
	uint64_t pages, enough;
};

static int count_range(void *arg, struct view *v, const struct segment *s, struct range at)
{
	struct counting *c = arg;

	c->pages += (at.end - at.start) / page_size();
	return c->pages >= c->enough;
}

static int count(struct view *v, uint64_t enough, uint64_t *pages)
{
	struct counting c = { 0, enough };
	int err = look(v, count_range, &c);

	*pages = c.pages;
	return err < 0 ? err : 0;
}

/* New mappings are read-only. */
static int track(struct view *v, const struct segment *s, struct range at)
{
	return 0;
}

static int report(struct view *v)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct segment *s = &v->segments[i];
		struct range_list closed = { NULL, 0, 0 };

		err = closing_collect(v, s, open_pages_of(v, s), s->at, &closed);
		/* Whatever came of the rest. */
		for (size_t j = 0; j < closed.count; j++)
			dirtymap_set(&v->memory.dirty, view_offset(s, closed.ranges[j].start), view_offset(s, closed.ranges[j].end));
		range_list_free(&closed);
	}
	return err;
}

static int count_own(struct view *v, uint64_t *pages)
{
	struct counting c = { 0, UINT64_MAX };

	for (unsigned i = 0; i < v->segment_count; i++)
		each_open(v, &v->segments[i], v->segments[i].at, count_range, &c);
	*pages = c.pages;
	return 0;
}

/* One call over a whole segment; what was open stays noted. */
static int freeze(struct view *v)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++)
		err = tracker_set_prot(v, v->segments[i].at, PROT_READ);
	return err;
}

/* Without the lock: the handler holds it already, or waits at the gate. */
static void thaw(struct view *v)
{
	for (unsigned i = 0; i < v->segment_count; i++)
		tracker_each_run(v, v->segments[i].at, protect_run, v);
}

static int freeze_part(struct view *v, struct range at)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct segment *s = &v->segments[i];

		err = closing_freeze(v, s, open_pages_of(v, s), range_intersect(at, s->at));
	}
	return err;
}

static int mark(struct view *v, uint64_t page)
{
	struct segment *s = view_segment_at(v, page);
	struct open_pages *o = open_pages_of(v, s);
	int err;

	lock_take(&window_lock);
	err = open_pages_reach(o, page_index(s, s->at.end));
	if (!err)
		open_pages_set(o, page_index(s, page), page_index(s, page) + 1);
	lock_release(&window_lock);
	return err;
}

/* What is not open can only be stored to after the handler has opened it, under the lock. */
static int hold(struct view *v, struct segment *s, struct range at, tracker_dirty_fn fn, void *arg)
{
	return have_pagemap ? each_open(v, s, at, fn, arg) : -ENOTSUP;
}

const struct tracker tracker_mprotect = {
	.name = "mprotect",
	.stores_fault = true,
	.start = start,
	.attach = attach,
	.detach = detach,
	.track = track,
	.protect = protect,
	.open = open_range,
	.close = close_range_again,
	.forget = forget,
	.reach = reach,
	.fault = fault,
	.collect = collect,
	.look = look,
	.count = count,
	.report = report,
	.count_own = count_own,
	.freeze = freeze,
	.thaw = thaw,
	.freeze_part = freeze_part,
	.hold = hold,
	.mark = mark,
};
