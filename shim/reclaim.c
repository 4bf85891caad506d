/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See reclaim.h. */
#include "reclaim.h"

#include <string.h>

#include "guard.h"
#include "loading.h"
#include "log.h"
#include "memory.h"
#include "participants.h"
#include "reach.h"
#include "sys.h"

#define BATCH ((uint64_t)32 << 20) /* two thousand changes of protection, in the worst case: others wait for the answer */
#define SLACK 8 /* that part of the limit is made free at a time */

enum pass { NEVER_STORED_TO, CLEAN_NOW };

static bool has_parts(const struct view *v)
{
	return v->shared && v->memory.loads.words && !v->error;
}

static uint64_t taken_now(void)
{
	uint64_t taken = 0;

	for (const struct view *v = view_first(); v; v = v->next)
		taken += memory_taken(v);
	__atomic_store_n(&shared_session()->taken, taken, __ATOMIC_RELAXED);
	return taken;
}

static bool is_called_dirty(const struct view *v, uint64_t at)
{
	struct range run;

	return dirtymap_next(&v->memory.dirty, &at, at + LOAD_GRANULE, &run);
}

static bool mark_one(struct view *v, enum pass pass, uint64_t at)
{
	struct loadmap *m = &v->memory.loads;

	return loadmap_state(m, at) == LOAD_PRESENT && !(pass == NEVER_STORED_TO && loadmap_was_stored(m, at)) &&
	       !is_called_dirty(v, at) && loadmap_change(m, at, LOAD_PRESENT, LOAD_LEAVING);
}

/* Marks up to `wanted` bytes of what takes memory from the hand on, up to the end at most; the marks lie in f->leaving. */
static uint64_t mark(struct view *v, enum pass pass, uint64_t wanted)
{
	struct shared_file *f = shared_file_of(v);
	uint64_t end = f->load_end, marked = 0, at = f->hand < end ? f->hand : 0, data_end = at;

	f->leaving[0] = f->leaving[1] = at;
	while (at < end && marked < wanted) {
		if (at >= data_end) {
			at = min_u64(granule_floor(memory_seek(v, at, false)), end);
			data_end = at < end ? memory_seek(v, at, true) : end;
		}
		if (at < end && mark_one(v, pass, at))
			marked += LOAD_GRANULE;
		at = min_u64(at + LOAD_GRANULE, end);
		f->leaving[1] = at;
	}
	f->hand = at < end ? at : 0;
	return marked;
}

struct comparison {
	const uint8_t *memory;
	const uint8_t *file;
	bool same;
};

static void compare(void *arg)
{
	struct comparison *c = arg;

	c->same = !memcmp(c->memory, c->file, LOAD_GRANULE);
}

/* Nobody can store there as long as it is marked. */
static bool is_clean(struct view *v, uint64_t at)
{
	struct comparison c = { v->memory.at + at, v->memory.source + at, false };

	if (!is_called_dirty(v, at) && !shared_file_of(v)->undeclared)
		return true;
	if (!guard_run(compare, &c) && c.same)
		return true;
	/* It need not be asked again. */
	dirtymap_set(&v->memory.dirty, at, at + LOAD_GRANULE);
	return false;
}

static void drop_run(struct view *v, uint64_t start, uint64_t end)
{
	int err = start < end ? sys_fallocate(v->memory.fd, 3 /* punch a hole, keep the size */, start, end - start) : 0;

	if (!err && start < end)
		dirtymap_clear(&v->memory.dirty, (struct range){ start, end });
	for (; start < end; start += LOAD_GRANULE)
		loadmap_change(&v->memory.loads, start, LOAD_DROPPING, err ? LOAD_PRESENT : LOAD_ABSENT);
}

static void drop_marked(struct view *v, struct range r)
{
	struct loadmap *m = &v->memory.loads;
	uint64_t run = r.start;

	for (uint64_t at = r.start; at < r.end; at += LOAD_GRANULE) {
		if (loadmap_state(m, at) == LOAD_LEAVING && is_clean(v, at) &&
		    loadmap_change(m, at, LOAD_LEAVING, LOAD_DROPPING))
			continue;
		drop_run(v, run, at);
		run = at + LOAD_GRANULE;
		if (loadmap_state(m, at) == LOAD_LEAVING)
			loadmap_note_stored(m, at);
		loadmap_change(m, at, LOAD_LEAVING, LOAD_PRESENT);
	}
	drop_run(v, run, r.end);
}

static void keep_marked(struct view *v, struct range r)
{
	for (; r.start < r.end; r.start += LOAD_GRANULE)
		loadmap_change(&v->memory.loads, r.start, LOAD_LEAVING, LOAD_PRESENT);
}

/* One batch.  False when there is none, or it must stay. */
static bool reclaim_some(struct view *v, enum pass pass, uint64_t wanted)
{
	const struct shared_file *f = shared_file_of(v);
	struct range r;
	int err;

	if (!mark(v, pass, min_u64(wanted, BATCH)))
		return false;
	r = (struct range){ f->leaving[0], f->leaving[1] };
	err = participants_ask_all(ASK_LEAVE, v);
	if (!err)
		err = reach_leave(v);
	if (!err)
		err = participants_report_range(v, r);
	if (err)
		keep_marked(v, r);
	else
		drop_marked(v, r);
	return !err;
}

/* From the hand to the end, and once round. */
static void reclaim_view(struct view *v, enum pass pass, uint64_t goal)
{
	uint64_t taken = taken_now();

	for (unsigned turns = 0; turns < 2 && taken > goal; taken = taken_now()) {
		if (!reclaim_some(v, pass, taken - goal) && shared_file_of(v)->hand)
			return;
		turns += shared_file_of(v)->hand == 0;
	}
}

void reclaim_run(void)
{
	uint64_t limit = loading_limit(), goal = limit - limit / SLACK, taken;

	if (!shared_session() || !shared_takes_part || taken_now() <= limit)
		return;
	for (enum pass pass = NEVER_STORED_TO; pass <= CLEAN_NOW; pass++) {
		for (struct view *v = view_first(); v && taken_now() > goal; v = v->next) {
			if (has_parts(v))
				reclaim_view(v, pass, goal);
		}
	}
	taken = taken_now();
	__atomic_store_n(&shared_session()->press_at, taken > goal ? taken + limit / (2 * SLACK) : 0, __ATOMIC_RELAXED);
	log_debug("shared files take %lu KiB of memory, %lu are allowed", taken >> 10, limit >> 10);
}
