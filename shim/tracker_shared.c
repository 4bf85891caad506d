/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tracker of shared views: what any participant has stored to is dirty.
 *
 * The process's own tracker does the work on its segments.  What they have found, in all processes, is brought
 * together in the dirty map, and taken from there: each page once, in order, whoever stored to it and at however
 * many addresses.  What the engine stores through the view's memory is noted there at once.
 *
 * Context: see tracker.h.
 */
#include "tracker.h"

#include "loading.h"
#include "memory.h"
#include "participants.h"
#include "sys.h"

/* New parts of segments are untracked; only the engine thread makes such, and comes here next. */
static int track_new(struct view *v)
{
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct segment *s = &v->segments[i];
		struct range fresh = { max_u64(s->tracked, s->at.start), s->at.end };
		int err = range_is_empty(fresh) ? 0 : tracker->track(v, s, fresh);

		if (err)
			return err;
		s->tracked = s->at.end;
	}
	return 0;
}

static int protect(struct view *v, struct range at)
{
	int err = track_new(v);

	return err ? err : tracker->protect(v, at);
}

static int open_range(struct view *v, struct range at)
{
	uint64_t offset = at.start - (uintptr_t)v->memory.at;

	dirtymap_set(&v->memory.dirty, offset, offset + (at.end - at.start));
	return 0;
}

static void close_range_again(struct view *v, struct range at)
{
}

static int fault(struct view *v, uint64_t page, struct range writable)
{
	return tracker->fault(v, page, writable);
}

/* What is not loaded nobody can have stored to, whatever a dying process has left in the memory. */
static int each_loaded(struct view *v, struct range run, const struct segment *whole, tracker_dirty_fn fn, void *arg)
{
	int err = 0;

	while (run.start < run.end && !err) {
		bool loaded;
		uint64_t end = loading_run(v, run.start, run.end, &loaded);

		if (loaded) {
			loading_note_stored(v, run.start, end);
			err = fn(arg, v, whole, segment_range(whole, run.start, end));
		}
		run.start = end;
	}
	return err;
}

static int collect(struct view *v, tracker_dirty_fn fn, void *arg)
{
	struct segment whole = { { (uintptr_t)v->memory.at, (uintptr_t)v->memory.at + v->memory.room }, 0, 0 };
	uint64_t at = 0, end = page_ceil(v->size);
	int err = participants_report(v);
	struct range run;

	while (!err && dirtymap_next(&v->memory.dirty, &at, end, &run)) {
		dirtymap_clear(&v->memory.dirty, run);
		err = each_loaded(v, run, &whole, fn, arg);
		if (err)
			dirtymap_set(&v->memory.dirty, run.start, run.end);
	}
	return err;
}

/* What has been stored to goes into the dirty map, and stays there. */
static int look(struct view *v, tracker_dirty_fn fn, void *arg)
{
	struct segment whole = { { (uintptr_t)v->memory.at, (uintptr_t)v->memory.at + v->memory.room }, 0, 0 };
	int err = participants_report(v);
	struct range run;
	uint64_t at = 0;

	while (!err && dirtymap_next(&v->memory.dirty, &at, page_ceil(v->size), &run))
		err = each_loaded(v, run, &whole, fn, arg);
	return err;
}

static int count(struct view *v, uint64_t enough, uint64_t *pages)
{
	uint64_t at = 0, reported = 0;
	struct range run;
	int err;

	while (reported < enough && dirtymap_next(&v->memory.dirty, &at, page_ceil(v->size), &run))
		reported += (run.end - run.start) / page_size();
	err = reported < enough ? participants_count(v, enough - reported, pages) : 0;
	*pages = reported < enough ? *pages + reported : reported;
	/* What was reported and is stored to again is counted twice. */
	*pages = min_u64(*pages, page_ceil(v->size) / page_size());
	return err;
}

static int freeze(struct view *v)
{
	return tracker->freeze(v);
}

static void thaw(struct view *v)
{
	tracker->thaw(v);
}

const struct tracker tracker_shared = {
	.name = "shared",
	.protect = protect,
	.open = open_range,
	.close = close_range_again,
	.fault = fault,
	.collect = collect,
	.look = look,
	.count = count,
	.freeze = freeze,
	.thaw = thaw,
};
