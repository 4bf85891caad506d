/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See cut.h. */
#include "cut.h"

#include <string.h>

#include "build.h"
#include "gate.h"
#include "guard.h"
#include "saved.h"
#include "sys.h"
#include "tracker.h"

#define STEP ((uint64_t)2 << 20)   /* that is closed or opened by one call */
#define PIECE ((uint64_t)64 << 10) /* that is copied before it is compared */
#define FEW 16                     /* pages that may be closed under the window lock */
#define TURNS 16                   /* after which more may */

static uint8_t copy[PIECE];
bool cut_is_wanted;

/*
 * Closing and opening.  The kernel has one lock for all changes of memory areas, and gives it to who asked last: a handler would wait for
 * milliseconds while we make one change after the other.  So they are made under the window lock, which is passed.
 */
struct steps {
	struct view *view;
	int (*step)(struct view *v, struct range at);
};

static int each_step(void *arg, struct range run, int prot)
{
	const struct steps *s = arg;
	int err = 0;

	while (!err && (prot & PROT_WRITE) && run.start < run.end) {
		struct range at = { run.start, min_u64(run.end, run.start / STEP * STEP + STEP) };

		err = s->step(s->view, at);
		lock_pass(&window_lock);
		run.start = at.end;
	}
	return err;
}

static int freeze_step(struct view *v, struct range at)
{
	return v->tracker->freeze_part(v, at);
}

static int thaw_step(struct view *v, struct range at)
{
	return v->tracker->thaw_part(v, at);
}

static int freeze_view(struct view *v)
{
	struct steps s = { v, freeze_step };
	int err = 0;

	lock_take_blocked(&window_lock);
	for (unsigned i = 0; i < v->segment_count && !err; i++)
		err = tracker_each_run(v, v->segments[i].at, each_step, &s);
	lock_release_blocked(&window_lock);
	return err;
}

/* What lies in `at` is needed no more. */
static int thaw(struct view *v, struct range at)
{
	struct steps s = { v, thaw_step };
	int err = 0;

	lock_take_blocked(&window_lock);
	for (unsigned i = 0; i < v->segment_count && v->tracker->thaw_part && !err; i++) {
		struct range inside = range_intersect(v->segments[i].at, at);

		if (!range_is_empty(inside))
			err = tracker_each_run(v, inside, each_step, &s);
	}
	lock_release_blocked(&window_lock);
	return err;
}

/*
 * While we wait for the lock and for a CPU, whoever has one opens again what was closed: on a busy machine that is all of it.  So the lock is
 * kept for as long as it took to get it back, and with each turn that was not the last for twice as long.
 */
struct pace {
	unsigned turn;
	uint64_t kept_until;
};

static void pass(struct pace *p)
{
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC), end;

	if (start < p->kept_until)
		return;
	lock_pass(&window_lock);
	end = sys_now_ns(CLOCK_MONOTONIC);
	p->kept_until = end + ((end - start) << p->turn);
}

static int close_again(const uint64_t *pages, unsigned count, struct pace *p)
{
	int err = 0;

	for (unsigned i = 0; i < count && !err; i++) {
		err = sys_mprotect((void *)pages[i], page_size(), PROT_READ);
		if (i % FEW == FEW - 1)
			pass(p);
	}
	return err;
}

/* Everything is closed, and stays so until the lock is released: this is the instant. */
static void make_cut(void)
{
	each_writing(v)
		v->taken = 0;
	saved_cut();
	gate_look_again();
}

/* Piece by piece a memory area is taken apart, for which there may be no room; as a whole it is not. */
static int close_whole(void)
{
	int err = 0;

	each_writing(v) {
		if (!err)
			err = v->tracker->freeze(v);
	}
	return err;
}

/* What was `not_closed` is closed here, too. */
static int close_reopened(int not_closed)
{
	struct pace pace = { 0, 0 };
	bool done = false;
	int err = not_closed;

	lock_take_blocked(&window_lock);
	for (; !done && !err; pace.turn++) {
		const uint64_t *pages;
		unsigned count = saved_reopened(&pages);

		done = count <= FEW || pace.turn == TURNS;
		if (done)
			pace.kept_until = UINT64_MAX;
		err = close_again(pages, count, &pace);
	}
	if (err)
		err = close_whole();
	if (!err)
		make_cut();
	lock_release_blocked(&window_lock);
	return err;
}

static int close_all(void)
{
	int err = 0;

	lock_take_blocked(&window_lock);
	saved_closing();
	gate_close();
	lock_release_blocked(&window_lock);
	each_writing(v) {
		if (!err)
			err = freeze_view(v);
	}
	return close_reopened(err);
}

static int note_range(void *arg, struct view *v, const struct segment *s, struct range at)
{
	return range_list_add(arg, at);
}

/* The scan may have come before the store behind the cut, or after it. */
static int mark_saved(struct view *v)
{
	const uint64_t *pages;
	unsigned count;
	int err = 0;

	lock_take_blocked(&window_lock);
	count = saved_pages(&pages);
	lock_release_blocked(&window_lock);
	for (unsigned i = 0; i < count && !err; i++) {
		if (pages[i] && view_segment_at(v, pages[i]))
			err = v->tracker->mark(v, pages[i]);
	}
	return err;
}

/* Copies a piece as it was at the cut; whoever stores below `next` from now on need not save. */
static int copy_piece(struct view *v, struct range at, uint64_t next)
{
	int err = guard_copy(copy, (const void *)at.start, at.end - at.start);

	/* Now, after the page was read: whoever has changed it since has saved it before. */
	lock_take_blocked(&window_lock);
	for (uint64_t page = at.start; page < at.end; page += page_size()) {
		const uint8_t *was = saved_page(page);

		if (was)
			memcpy(copy + (page - at.start), was, page_size());
	}
	v->taken = next;
	saved_make_room();
	lock_release_blocked(&window_lock);
	return err;
}

/* Segments may meet, and show places in the file that do not. */
static void take_range(struct view *v, struct range at, uint64_t next)
{
	struct build *b = v->build;

	while (at.start < at.end) {
		const struct segment *s = view_segment_at(v, at.start);
		struct range piece = { at.start, min_u64(min_u64(at.end, s->at.end), at.start + PIECE) };
		int err = copy_piece(v, piece, piece.end < at.end ? piece.end : next);

		if (err && !b->error)
			b->error = err;
		build_take_copy(v, (struct range){ view_offset(s, piece.start), view_offset(s, piece.end) }, copy);
		at.start = piece.end;
	}
}

/* Nothing of it is needed any more; what is below `opened` is open.  As in close_whole. */
static void open_view(struct view *v, uint64_t opened)
{
	lock_take_blocked(&window_lock);
	v->taken = UINT64_MAX;
	saved_make_room();
	lock_release_blocked(&window_lock);
	if (thaw(v, (struct range){ opened, UINT64_MAX }))
		v->tracker->thaw(v);
}

static void take_view(struct view *v)
{
	struct range_list dirty = { NULL, 0, 0 };
	struct range opened = { 0, 0 };
	int err = v->tracker->collect(v, note_range, &dirty);

	if (!err)
		err = mark_saved(v);
	if (err && !v->build->error)
		v->build->error = err;
	if (err)
		v->carry_all = true;
	range_list_normalize(&dirty);
	for (size_t i = 0; i < dirty.count; i++) {
		take_range(v, dirty.ranges[i], i + 1 < dirty.count ? dirty.ranges[i + 1].start : UINT64_MAX);
		opened.end = v->taken;
		if (opened.end - opened.start >= STEP && opened.end != UINT64_MAX && !thaw(v, opened))
			opened.start = opened.end;
	}
	range_list_free(&dirty);
	open_view(v, opened.start);
}

static void open_all(void)
{
	lock_take_blocked(&window_lock);
	cut_is_wanted = saved_end();
	gate_open();
	lock_release_blocked(&window_lock);
	saved_drop();
}

void cut_take(void)
{
	int err;

	saved_prepare();
	err = close_all();
	each_writing(v) {
		if (err && !v->build->error)
			v->build->error = err;
		if (err)
			open_view(v, 0);
		else
			take_view(v);
	}
	open_all();
}
