/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See copies.h. */
#include "copies.h"

#include <sys/mman.h>

#include "backing.h"
#include "chunks.h"
#include "loading.h"
#include "log.h"
#include "pagemap.h"
#include "sys.h"
#include "tracker.h"

#define LONG_STRIDE ((uint64_t)1 << 30)
#define SLACK 8              /* that part of the limit is made free at a time */
#define REST_SHARE 4         /* that part of what looking takes is spent on chunks at rest, */
#define REST_MOST_NS 4000000 /* and no more than that in one commit, */
/* The laboratory is in more of a hurry. */
#ifndef LATELY_NS
#define LATELY_NS UINT64_C(5000000000)
#define LATELY_COMMITS 256   /* it takes some hundred looks at a chunk to be worth a page table that is made again */
#define REST_LEAST_NS 100000 /* from so much on */
#endif

/* Pages: at most so many copies are there; and so many must be before they are counted. */
static uint64_t at_most, count_from;
static uint64_t lately_since;
static unsigned lately_commits;

static void note_chunks(struct open_pages *o, struct range r)
{
	uint64_t end = (r.end - 1) / CHUNK + 1;

	if (!open_pages_reach(o, round_up(end, 8 * page_size())))
		open_pages_set(o, r.start / CHUNK, end);
}

void copies_note(struct view *v, const struct range_list *pages)
{
	for (size_t i = 0; i < pages->count && !v->shared; i++) {
		struct range r = pages->ranges[i];

		at_most += (r.end - r.start) / page_size();
		note_chunks(&v->copied, r);
		if (range_list_add(&v->copied_now, r))
			v->copied_unknown = true;
	}
}

static void clear(struct open_pages *o)
{
	open_pages_clear(o, 0, o->pages);
}

static bool may_be_dropped(const struct view *v)
{
	return v->mode == VIEW_WRITING && !v->shared && !v->error && !v->carried.count && !v->carry_all && !v->copied_unknown &&
	       !view_is_aside(v) && v->tracker->hold;
}

static int count(void *arg, struct range at)
{
	*(uint64_t *)arg += (at.end - at.start) / page_size();
	return 0;
}

static uint64_t copies_in(struct range at)
{
	uint64_t pages = 0;

	if (!pagemap_each(PAGEMAP_COPIED_THERE, at, PAGEMAP_LOOK, count, &pages))
		return pages;
	pages = 0;
	pagemap_each_copied(at, count, &pages);
	return pages;
}

static int keep(void *arg, struct view *v, const struct segment *s, struct range at)
{
	return range_list_add(arg, at);
}

static int keep_some(struct view *v, const struct segment *s, struct range at, struct range_list *keeping)
{
	int err = backing_find(s, &v->copied_now, at, keeping);

	return err ? err : backing_find(s, &v->islands, at, keeping);
}

/* False: some cannot be dropped, as it is locked in memory, and stays. */
static bool drop_between(const struct range_list *keeping, struct range at)
{
	bool all = true;

	for (size_t i = 0; i <= keeping->count; i++) {
		uint64_t end = i < keeping->count ? keeping->ranges[i].start : at.end;

		if (at.start < end)
			all &= !sys_madvise((void *)at.start, end - at.start, MADV_DONTNEED);
		if (i < keeping->count)
			at.start = keeping->ranges[i].end;
	}
	return all;
}

/* A page table, of 2 MiB of memory: where the file lies otherwise in it no chunk is one. */
static bool is_whole(struct range at)
{
	return !(at.start % CHUNK) && at.end - at.start == CHUNK;
}

/*
 * Nobody stores there while the window lock is held.  Where nothing is kept the tracker need not look any more: then it is dropped once more, for its
 * notes in the page table have gone.  Returns how many copies stay.
 */
static uint64_t drop(struct view *v, struct segment *s, struct range at)
{
	struct range_list keeping = { NULL, 0, 0 };
	int err = keep_some(v, s, at, &keeping);

	if (!err) {
		lock_take_blocked(&window_lock);
		err = v->tracker->hold(v, s, at, keep, &keeping);
		range_list_normalize(&keeping);
		if (!err && drop_between(&keeping, at) && !keeping.count && v->tracker->rest && is_whole(at)) {
			v->tracker->rest(v, s, at);
			drop_between(&keeping, at);
		}
		if (v->tracker->let_go)
			v->tracker->let_go(v, at);
		lock_release_blocked(&window_lock);
	}
	range_list_free(&keeping);
	return copies_in(at);
}

/* rests: it need not have copies, for all of its pages to go. */
static void drop_chunk(struct view *v, uint64_t chunk, bool rests)
{
	/* Behind file_end the view is not the file's mapping. */
	uint64_t end = min_u64(page_floor(min_u64(v->committed, v->size)), v->file_end), left = 0;
	struct range whole = { chunk * CHUNK, min_u64((chunk + 1) * CHUNK, end) };

	if (range_is_empty(whole))
		return;
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct range at = segment_range(&v->segments[i], whole.start, whole.end);
		uint64_t before = range_is_empty(at) ? 0 : copies_in(at), after = before;

		if (!range_is_empty(at) && (rests ? is_whole(at) : before > 0))
			after = drop(v, &v->segments[i], at);
		at_most -= min_u64(at_most, before - min_u64(before, after));
		left += after;
	}
	/* What cannot be dropped is not tried again before it is stored to. */
	if (!left || rests)
		open_pages_clear(&v->copied, chunk, chunk + 1);
}

static bool is_at_rest(const struct view *v, uint64_t chunk)
{
	return !open_pages_is_open(&v->copied_lately[0], chunk) && !open_pages_is_open(&v->copied_lately[1], chunk);
}

/* Once round.  lately: also of chunks that a commit was about lately. */
static void drop_from(struct view *v, uint64_t goal, bool lately)
{
	uint64_t start = v->copied_hand, end = v->copied.pages;

	for (int turn = 0; turn < 2 && at_most > goal; turn++) {
		uint64_t chunk = turn ? 0 : start, limit = turn ? min_u64(start, end) : end;

		for (; at_most > goal && (chunk = open_pages_first(&v->copied, chunk, limit)) < limit; chunk++) {
			if (lately || is_at_rest(v, chunk))
				drop_chunk(v, chunk, false);
		}
		v->copied_hand = chunk;
	}
}

static uint64_t copies_of(const struct view *v, uint64_t start, uint64_t end)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < v->segment_count; i++) {
		struct range at = segment_range(&v->segments[i], start, end);

		pages += range_is_empty(at) ? 0 : copies_in(at);
	}
	return pages;
}

static void count_all(void)
{
	at_most = 0;
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->mode == VIEW_WRITING && !v->shared)
			at_most += copies_of(v, 0, page_ceil(v->size));
	}
}

/* Of parts that were added copies go as the file takes their place. */
static void drop_added(struct view *v, uint64_t goal)
{
	while (at_most > goal) {
		uint64_t start = v->file_end, bytes = BACKING_STEP, before;

		/* Where there are none it goes in long strides. */
		while (bytes < LONG_STRIDE && !copies_of(v, start, start + 2 * bytes))
			bytes *= 2;
		before = copies_of(v, start, start + bytes);
		if (!backing_step(v, bytes, &v->copied_now))
			return;
		at_most -= min_u64(at_most, before - min_u64(before, copies_of(v, start, start + bytes)));
	}
}

static void drop_some(uint64_t limit)
{
	for (int pass = 0; pass < 2; pass++) {
		for (struct view *v = view_first(); v; v = v->next) {
			if (!may_be_dropped(v))
				continue;
			if (!pass)
				drop_added(v, limit - limit / SLACK);
			drop_from(v, limit - limit / SLACK, pass);
		}
	}
	log_debug("copies of pages take %lu KiB of memory, %lu are allowed", at_most * page_size() >> 10, limit * page_size() >> 10);
}

/*
 * Every commit has to look at what was ever stored to.  What is at rest is dropped, for as long as that takes a part of the time that looking takes.
 */
static void drop_at_rest(struct view *v)
{
	uint64_t most = min_u64(v->look_ns / REST_SHARE, REST_MOST_NS), end = v->copied.pages, start = sys_now_ns(CLOCK_MONOTONIC), took = 0;

	if (most < REST_LEAST_NS || !v->tracker->rest || !may_be_dropped(v))
		return;
	v->look_ns = 0;
	while (took < most) {
		uint64_t chunk = open_pages_first(&v->copied, v->rest_hand, end);

		v->rest_hand = chunk < end ? chunk + 1 : 0;
		if (chunk >= end)
			return;
		if (!is_at_rest(v, chunk))
			continue;
		drop_chunk(v, chunk, true);
		took = sys_now_ns(CLOCK_MONOTONIC) - start;
	}
}

/* What was committed now is so lately from here on. */
static void note_lately(void)
{
	uint64_t now = sys_now_ns(CLOCK_MONOTONIC);
	bool anew = ++lately_commits > LATELY_COMMITS && now - lately_since > LATELY_NS;

	for (struct view *v = view_first(); v; v = v->next) {
		struct open_pages *lately = v->copied_lately, before = lately[1];

		if (anew) {
			lately[1] = lately[0];
			lately[0] = before;
			clear(&lately[0]);
		}
		range_list_normalize(&v->copied_now);
		for (size_t i = 0; i < v->copied_now.count; i++)
			note_chunks(&lately[0], v->copied_now.ranges[i]);
	}
	if (anew) {
		lately_since = now;
		lately_commits = 0;
	}
}

void copies_end_commit(void)
{
	uint64_t limit = loading_limit() / page_size();

	note_lately();
	if (at_most > max_u64(limit, count_from)) {
		count_all();
		if (at_most > limit)
			drop_some(limit);
		/* To count takes long where little more may come. */
		count_from = at_most + limit / SLACK / 2;
	}
	for (struct view *v = view_first(); v; v = v->next) {
		drop_at_rest(v);
		range_list_free(&v->copied_now);
		v->copied_unknown = false;
	}
}

void copies_free(struct view *v)
{
	open_pages_free(&v->copied);
	open_pages_free(&v->copied_lately[0]);
	open_pages_free(&v->copied_lately[1]);
	range_list_free(&v->copied_now);
	range_list_free(&v->islands);
}
