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

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "pagemap.h"
#include "sys.h"

#define BATCH 512
#define WORD_PAGES 64u

/* Of one segment.  One bit per page from the segment's first address on. */
struct open_pages {
	uint64_t *bits;
	uint64_t pages;  /* that bits has room for */
	uint64_t mapped; /* bytes reserved for bits */
	uint64_t runs;   /* of open pages, roughly: what they cost in memory areas */
};

static bool have_pagemap;
static uint64_t max_runs;

static struct open_pages *open_pages_of(struct view *v, const struct segment *s)
{
	return (struct open_pages *)v->tracking + (s - v->segments);
}

static uint64_t read_max_map_count(void)
{
	char text[32] = "";
	int fd = sys_open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC, 0);

	if (fd >= 0) {
		sys_read(fd, text, sizeof text - 1);
		sys_close(fd);
	}
	return text[0] ? strtoull(text, NULL, 10) : 65530;
}

static int start(void)
{
	bool can_scan;

	have_pagemap = pagemap_open(&can_scan) == 0;
	/* A run costs its own area and the one behind it; leave half of all to the program. */
	max_runs = read_max_map_count() / 4;
	return 0;
}

static int attach(struct view *v)
{
	v->tracking = arena_alloc(VIEW_SEGMENTS * sizeof(struct open_pages));
	return v->tracking ? 0 : -ENOMEM;
}

/* Bits are reserved, not used: untouched parts of the bitmap cost nothing. */
static int make_room(struct open_pages *o, const struct segment *s)
{
	uint64_t pages = (s->at.end - s->at.start) / page_size();
	uint64_t bytes = page_ceil(round_up(pages, WORD_PAGES) / 8);
	void *p;

	if (pages <= o->pages)
		return 0;
	if (!o->bits)
		p = sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	else
		p = sys_mremap(o->bits, o->mapped, bytes, MREMAP_MAYMOVE, NULL);
	if (sys_is_error(p))
		return -ENOMEM;
	o->bits = p;
	o->mapped = bytes;
	o->pages = pages;
	return 0;
}

static bool is_open(const struct open_pages *o, uint64_t page)
{
	return page < o->pages && (o->bits[page / WORD_PAGES] >> page % WORD_PAGES & 1);
}

static void set_bits(struct open_pages *o, uint64_t first, uint64_t end)
{
	while (first < end) {
		if (first % WORD_PAGES == 0 && end - first >= WORD_PAGES) {
			o->bits[first / WORD_PAGES] = UINT64_MAX;
			first += WORD_PAGES;
		} else {
			o->bits[first / WORD_PAGES] |= UINT64_C(1) << first % WORD_PAGES;
			first++;
		}
	}
}

static void clear_bits(struct open_pages *o, uint64_t first, uint64_t end)
{
	while (first < end) {
		if (first % WORD_PAGES == 0 && end - first >= WORD_PAGES) {
			o->bits[first / WORD_PAGES] = 0;
			first += WORD_PAGES;
		} else {
			o->bits[first / WORD_PAGES] &= ~(UINT64_C(1) << first % WORD_PAGES);
			first++;
		}
	}
}

/* The first open page from `page` on, and the end of its run; false when there is none below end. */
static bool next_run(const struct open_pages *o, uint64_t page, uint64_t end, uint64_t *first,
		     uint64_t *run_end)
{
	end = min_u64(end, o->pages);
	while (page < end && !is_open(o, page))
		page = o->bits[page / WORD_PAGES] >> page % WORD_PAGES ? page + 1 :
									 (page / WORD_PAGES + 1) * WORD_PAGES;
	if (page >= end)
		return false;
	*first = page;
	while (page < end && is_open(o, page))
		page = page % WORD_PAGES == 0 && o->bits[page / WORD_PAGES] == UINT64_MAX ?
			       page + WORD_PAGES : page + 1;
	*run_end = min_u64(page, end);
	return true;
}

static struct segment *segment_of(struct view *v, uint64_t at)
{
	for (unsigned i = 0; i < v->segment_count; i++) {
		if (at >= v->segments[i].at.start && at < v->segments[i].at.end)
			return &v->segments[i];
	}
	return NULL;
}

static uint64_t page_index(const struct segment *s, uint64_t at)
{
	return (at - s->at.start) / page_size();
}

/* Under the window lock.  Notes first, then opens: a page is never storable and unknown. */
static int open_now(struct view *v, struct range at)
{
	struct segment *s = segment_of(v, at.start);
	struct open_pages *o = open_pages_of(v, s);
	uint64_t first = page_index(s, at.start), end = page_index(s, at.end);
	bool left, right;
	int err = make_room(o, s);

	if (err)
		return err;
	left = first > 0 && is_open(o, first - 1);
	right = is_open(o, end);
	if (!left && !right)
		o->runs++;
	else if (left && right && o->runs > 0)
		o->runs--;
	set_bits(o, first, end);
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
	struct segment *s = segment_of(v, page);
	uint64_t unit = unit_now(open_pages_of(v, s));
	struct range at = writable;
	int err;

	/* Another thread was faster. */
	if (is_open(open_pages_of(v, s), page_index(s, page)))
		return 0;
	if (unit != UINT64_MAX) {
		at = range_intersect((struct range){ page / unit * unit, page / unit * unit + unit },
				     writable);
		err = open_now(v, at);
		if (err != -ENOMEM)
			return err;
	}
	/* No areas left: one area for the whole window gives some back. */
	open_pages_of(v, s)->runs = 0;
	return open_now(v, writable);
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
	struct segment *s = segment_of(v, run.start);
	struct open_pages *o = open_pages_of(v, s);
	uint64_t page = page_index(s, run.start), end = page_index(s, run.end), first, stop;
	int err = sys_mprotect((void *)run.start, run.end - run.start, PROT_READ);

	/* What is open stays noted as dirty; it is open again only where stores are allowed. */
	while (!err && (prot & PROT_WRITE) && next_run(o, page, end, &first, &stop)) {
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

static void forget(struct view *v, struct range at)
{
	struct segment *s = segment_of(v, at.start);
	struct open_pages *o = open_pages_of(v, s);

	lock_take(&window_lock);
	clear_bits(o, min_u64(page_index(s, at.start), o->pages),
		   min_u64(page_index(s, at.end), o->pages));
	lock_release(&window_lock);
}

/* Reports what of a closed run was really stored to. */
static int report_run(struct view *v, struct segment *s, struct range at, tracker_dirty_fn fn, void *arg)
{
	struct range *found;
	int err = 0;

	if (!have_pagemap)
		return fn(arg, v, s, at);
	found = arena_alloc(BATCH * sizeof *found);
	if (!found)
		return -ENOMEM;
	while (at.start < at.end && !err) {
		uint64_t next;
		int n = pagemap_read_copied(at, found, BATCH, &next);

		if (n < 0)
			err = n;
		for (int i = 0; i < n && !err; i++)
			err = fn(arg, v, s, found[i]);
		at.start = next;
	}
	arena_free(found, BATCH * sizeof *found);
	return err;
}

static bool close_next_run(struct view *v, struct segment *s, uint64_t *page, uint64_t end,
			   struct range *at, int *err)
{
	struct open_pages *o = open_pages_of(v, s);
	uint64_t first, stop;
	bool found;

	lock_take(&window_lock);
	found = next_run(o, *page, end, &first, &stop);
	if (found) {
		*at = (struct range){ s->at.start + first * page_size(),
				      s->at.start + stop * page_size() };
		*err = sys_mprotect((void *)at->start, at->end - at->start, PROT_READ);
		/* A run that cannot be closed stays dirty. */
		if (!*err) {
			clear_bits(o, first, stop);
			o->runs -= o->runs > 0;
		}
		*page = stop;
	}
	lock_release(&window_lock);
	return found;
}

static int collect(struct view *v, tracker_dirty_fn fn, void *arg, bool *settled)
{
	int err = 0;

	*settled = false;
	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct segment *s = &v->segments[i];
		struct range limits = segment_range(s, 0, page_ceil(v->size)), at;
		uint64_t page, end;

		if (range_is_empty(limits))
			continue;
		page = page_index(s, limits.start);
		end = page_index(s, limits.end);
		while (!err && close_next_run(v, s, &page, end, &at, &err)) {
			if (!err)
				err = report_run(v, s, at, fn, arg);
		}
	}
	return err;
}

static int count_range(void *arg, struct view *v, const struct segment *s, struct range at)
{
	*(uint64_t *)arg += (at.end - at.start) / page_size();
	return 0;
}

static int count(struct view *v, uint64_t enough, uint64_t *pages)
{
	int err = 0;

	*pages = 0;
	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct segment *s = &v->segments[i];
		struct open_pages *o = open_pages_of(v, s);
		struct range limits = segment_range(s, 0, page_ceil(v->size));
		uint64_t page = 0, end = 0, first, stop;

		if (!range_is_empty(limits)) {
			page = page_index(s, limits.start);
			end = page_index(s, limits.end);
		}
		while (*pages < enough && !err && next_run(o, page, end, &first, &stop)) {
			struct range at = { s->at.start + first * page_size(),
					    s->at.start + stop * page_size() };

			err = report_run(v, s, at, count_range, pages);
			page = stop;
		}
	}
	return err;
}

/* One call over a whole segment; what was open stays noted. */
static int freeze(struct view *v)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct range at = v->segments[i].at;

		err = sys_mprotect((void *)at.start, at.end - at.start, PROT_READ);
	}
	return err;
}

/* Without the lock: the handler holds it already, or waits at the gate. */
static void thaw(struct view *v)
{
	for (unsigned i = 0; i < v->segment_count; i++)
		tracker_each_run(v, v->segments[i].at, protect_run, v);
}

const struct tracker tracker_mprotect = {
	.name = "mprotect",
	.kernel_stores_fault = true,
	.start = start,
	.attach = attach,
	.protect = protect,
	.open = open_range,
	.close = close_range_again,
	.forget = forget,
	.fault = fault,
	.collect = collect,
	.count = count,
	.freeze = freeze,
	.thaw = thaw,
};
