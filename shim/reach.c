/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See reach.h.  Locks: a page comes within reach under the window lock, and only if it is loaded then; reclaim marks what it
 * wants before it takes that lock in each process.  So either it finds the page within reach, or we find it marked.
 */
#include "reach.h"

#include "gate.h"
#include "held.h"
#include "loading.h"
#include "proc.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

#define CHUNK ((uint64_t)2 << 20)

bool reach_any;

void reach_begin(struct view *v)
{
	__atomic_store_n(&v->partial, loading_is_partial(v), __ATOMIC_RELAXED);
	if (v->partial)
		reach_any = true;
}

/* Each run is a memory area, and so is the one behind it: half of all for the tracker and us, half for the program. */
static uint64_t runs_allowed(void)
{
	static uint64_t allowed;

	if (!allowed)
		allowed = proc_max_map_count() / 8;
	return allowed;
}

static struct open_pages *reach_of(struct view *v, const struct segment *s)
{
	return &v->reach[s - v->segments];
}

static uint64_t page_index(const struct segment *s, uint64_t at)
{
	return (at - s->at.start) / page_size();
}

static uint64_t runs_now(const struct view *v)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < v->segment_count; i++)
		n += v->reach[i].runs;
	return n;
}

/*
 * The least that a fault brings in: more when there are many runs already.  Not much more: to begin anew, what is loaded being opened
 * once again, costs less than to load what nobody wants.
 */
static uint64_t least(const struct view *v)
{
	return runs_now(v) < runs_allowed() / 2 ? LOAD_GRANULE : 4 * LOAD_GRANULE;
}

/* False: no memory areas are left, and the pages stay where they are. */
static bool put_out(struct view *v, const struct segment *s, struct range at)
{
	struct open_pages *o = reach_of(v, s);
	uint64_t first = page_index(s, at.start), end = min_u64(page_index(s, at.end), o->pages);
	bool left, right;

	if (first >= end)
		return true;
	if (sys_mprotect((void *)at.start, at.end - at.start, PROT_NONE))
		return false;
	open_pages_clear(o, first, end);
	left = first && open_pages_is_open(o, first - 1);
	right = open_pages_is_open(o, end);
	if (left && right)
		o->runs++;
	else if (!left && !right && o->runs)
		o->runs--;
	return true;
}

/* There are too many runs: it is begun anew. */
static void put_all_out(struct view *v)
{
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct range rest = v->segments[i].at;
		uint64_t runs = 0;

		while (!range_is_empty(rest)) {
			struct range hold = held_first(rest);

			put_out(v, &v->segments[i], (struct range){ rest.start, hold.start });
			rest.start = hold.end;
			runs++;
		}
		v->reach[i].runs = runs;
	}
}

int reach_note(struct view *v, const struct segment *s, struct range at)
{
	struct open_pages *o = reach_of(v, s);
	uint64_t first = page_index(s, at.start), end = page_index(s, at.end);
	int err = open_pages_reach(o, page_index(s, s->at.end));

	if (err)
		return err;
	o->runs += !(first && open_pages_is_open(o, first - 1)) && !open_pages_is_open(o, end);
	open_pages_set(o, first, end);
	return 0;
}

static int open_now(struct view *v, const struct segment *s, struct range at)
{
	int err;

	if (runs_now(v) > runs_allowed())
		put_all_out(v);
	err = reach_note(v, s, at);
	if (err)
		return err;
	err = gate_is_closed() || v->frozen ? sys_mprotect((void *)at.start, at.end - at.start, PROT_READ) : tracker->reach(v, at);
	if (err) {
		put_out(v, s, at);
		put_all_out(v);
	}
	return err;
}

/* The run of window pages around `page` that may be touched, in addresses; false when no window allows that. */
static bool window_around(const struct view *v, const struct segment *s, uint64_t page, struct range *run)
{
	uint64_t end;

	for (uint64_t p = s->at.start; p <= page; p = end) {
		bool touchable = window_prot(&v->windows, p, s->at.end, &end) != 0;

		*run = (struct range){ p, end };
		if (page < end)
			return touchable;
	}
	return false;
}

/* All of the chunk that is loaded around `at`. */
static struct range loaded_around(const struct view *v, uint64_t at)
{
	uint64_t chunk = at / CHUNK * CHUNK, start = granule_floor(at);
	bool loaded;

	while (start > chunk && loading_has(v, start - LOAD_GRANULE, start))
		start -= LOAD_GRANULE;
	return (struct range){ start, loading_run(v, at, chunk + CHUNK, &loaded) };
}

/* The most that a fault brings in: all that is allowed must hold some of these. */
static uint64_t most(void)
{
	return max_u64(LOAD_GRANULE, min_u64(CHUNK, granule_floor(loading_limit() / 32)));
}

/* Twice as much as the last time, when this is where the last time ended. */
static struct range follow(struct view *v, uint64_t at)
{
	uint64_t length = least(v);

	for (unsigned i = 0; i < VIEW_STREAMS; i++) {
		struct touch_stream *s = &v->streams[i];

		length = max_u64(length, min_u64(2 * s->length, most()));
		if (s->length && at == s->range.end) {
			v->next_stream = i;
			return (struct range){ at, at + length };
		}
		if (s->length && at + LOAD_GRANULE == s->range.start) {
			v->next_stream = i;
			return (struct range){ at + LOAD_GRANULE > length ? at + LOAD_GRANULE - length : 0, at + LOAD_GRANULE };
		}
		length = least(v);
	}
	v->next_stream = (v->next_stream + 1) % VIEW_STREAMS;
	return (struct range){ at / length * length, at / length * length + length };
}

/* What a fault at a file offset brings in. */
static struct range choose(struct view *v, uint64_t at, bool alone)
{
	struct range r = { granule_floor(at), granule_floor(at) + LOAD_GRANULE };

	if (alone)
		return r;
	if (loading_has(v, r.start, r.start + 1))
		return loaded_around(v, at);
	r = follow(v, r.start);
	v->streams[v->next_stream] = (struct touch_stream){ r, r.end - r.start };
	return r;
}

/* As addresses, and not further than the windows go. */
static struct range place(const struct segment *s, struct range offsets, struct range windows)
{
	struct range at = segment_range(s, offsets.start, offsets.end);

	at.start = page_floor(at.start);
	at.end = page_ceil(at.end);
	return range_intersect(at, windows);
}

/* Whom nobody asks any more cannot know what leaves. */
static bool must_wait(const struct view *v)
{
	return __atomic_load_n(&v->partial, __ATOMIC_RELAXED) && !shared_takes_part && gate_is_closed() && !gate_is_passed();
}

enum reach_answer reach_fault(struct view *v, uint64_t page)
{
	bool alone = false;

	for (;;) {
		enum reach_answer answer = REACH_NO_MATTER;
		struct range at = { 0, 0 }, run;
		const struct segment *s;
		uint64_t end = page + page_size();
		int err;

		while (must_wait(v))
			gate_wait();
		lock_take(&window_lock);
		s = v->partial && !view_reaches(v, page, &end) ? view_segment_at(v, page) : NULL;
		if (s && !window_around(v, s, page, &run))
			answer = REACH_NO_WINDOW;
		else if (s)
			at = place(s, choose(v, view_offset(s, page), alone), run);
		lock_release(&window_lock);
		if (range_is_empty(at))
			return answer;
		err = loading_bring(v, view_offset(s, at.start), view_offset(s, at.end));
		if (!err) {
			lock_take(&window_lock);
			/* It may have left again, or we the others. */
			answer = !must_wait(v) && loading_has(v, view_offset(s, at.start), view_offset(s, at.end)) ? REACH_DONE : REACH_NO_MATTER;
			if (answer == REACH_DONE)
				err = open_now(v, s, at);
			lock_release(&window_lock);
		}
		if (!err && answer == REACH_DONE) {
			loading_slow_down();
			return answer;
		}
		if (err && alone)
			return REACH_FAILED;
		alone = err;
	}
}

int reach_bring(struct view *v, struct range at)
{
	enum reach_answer answer = REACH_DONE;

	while (at.start < at.end && answer != REACH_FAILED) {
		bool within;
		uint64_t end = at.end;

		lock_take(&window_lock);
		within = view_reaches(v, at.start, &end);
		lock_release(&window_lock);
		if (within) {
			at.start = end;
			continue;
		}
		answer = reach_fault(v, at.start);
		if (answer == REACH_NO_WINDOW)
			at.start += page_size();
	}
	return answer == REACH_FAILED ? -EIO : 0;
}

int reach_populate(struct view *v, struct range at, bool touch)
{
	int err;

	if (v->partial)
		at.end = min_u64(at.end, at.start + page_floor(loading_limit() / 2));
	err = reach_bring(v, at);
	return err || !touch ? err : sys_madvise((void *)at.start, at.end - at.start, MADV_POPULATE_READ);
}

/* The next run of what is to leave, from *at on, of the file. */
static bool next_leaving(const struct view *v, uint64_t *at, uint64_t end, struct range *run)
{
	const struct loadmap *m = &v->memory.loads;

	while (*at < end && loadmap_state(m, *at) != LOAD_LEAVING)
		*at += LOAD_GRANULE;
	run->start = *at;
	while (*at < end && loadmap_state(m, *at) == LOAD_LEAVING)
		*at += LOAD_GRANULE;
	run->end = *at;
	return run->start < run->end;
}

static void keep(struct view *v, struct range run)
{
	for (; run.start < run.end; run.start += LOAD_GRANULE)
		loadmap_change(&v->memory.loads, run.start, LOAD_LEAVING, LOAD_PRESENT);
}

/* A file that was small when it was loaded: all of it is within reach. */
static int become_partial(struct view *v)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		const struct segment *s = &v->segments[i];
		uint64_t pages = page_index(s, s->at.end);

		err = open_pages_reach(&v->reach[i], pages);
		if (!err)
			open_pages_set(&v->reach[i], 0, pages);
	}
	if (!err)
		__atomic_store_n(&v->partial, true, __ATOMIC_RELEASE);
	reach_any = true;
	return err;
}

int reach_leave(struct view *v)
{
	const struct shared_file *f = shared_file_of(v);
	int err = 0;

	lock_take(&window_lock);
	if (!v->partial)
		err = become_partial(v);
	if (err) {
		lock_release(&window_lock);
		return err;
	}
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct segment *s = &v->segments[i];
		uint64_t next = max_u64(f->leaving[0], granule_floor(s->offset));
		uint64_t end = min_u64(f->leaving[1], granule_ceil(segment_end(s)));
		struct range run;

		while (next_leaving(v, &next, end, &run)) {
			struct range at = segment_range(s, run.start, run.end);

			if (held_any(at) || !put_out(v, s, at))
				keep(v, run);
		}
	}
	lock_release(&window_lock);
	return 0;
}

void reach_look_again(struct view *v)
{
	lock_take(&window_lock);
	for (unsigned i = 0; i < v->segment_count && v->partial; i++) {
		struct segment *s = &v->segments[i];
		uint64_t page = 0, end = page_index(s, s->at.end), first, stop;

		while (open_pages_next(&v->reach[i], page, end, &first, &stop)) {
			struct range at = { s->at.start + first * page_size(), s->at.start + stop * page_size() };

			if (!loading_has(v, view_offset(s, at.start), view_offset(s, at.end)))
				put_out(v, s, at);
			page = stop;
		}
	}
	lock_release(&window_lock);
}

void reach_nothing(struct view *v)
{
	lock_take(&window_lock);
	for (unsigned i = 0; i < v->segment_count && v->partial; i++)
		put_out(v, &v->segments[i], v->segments[i].at);
	lock_release(&window_lock);
}
