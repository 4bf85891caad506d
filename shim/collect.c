/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See collect.h. */
#include "collect.h"

#include "filling.h"
#include "pagemap.h"
#include "sys.h"

/* Pages of a chunk that must be in memory before it is closed.  In a free one also all that are not yet lose something: the kernel
   maps no neighbours of a page that is touched where userfaultfd tracks.  Where the page table has one entry for the whole chunk, looking
   costs little, and the first store would make the kernel forget all that was protected. */
#define DENSE_LOOSE 32
#define DENSE_FREE 448
#define PATIENCE_NS 100000
#define PATIENCE_FACTOR 16

/* One collect of one segment. */
struct collecting {
	struct view *view;
	const struct segment *segment;
	struct chunks *chunks;
	tracker_dirty_fn fn;
	void *arg;
	struct range_list small; /* chunks that are not closed and must be looked at page by page */
	struct range_list hot;   /* chunks that have been looked at only, and have something dirty; or that are to be registered */
	struct range_list dense; /* chunks that are to be closed */
	struct range counted;    /* the chunk whose pages are being counted, */
	uint64_t pages;          /* and how many there are so far */
	uint64_t enough;         /* to close it */
};

static int report_range(void *arg, struct range at)
{
	struct collecting *c = arg;

	return c->fn(c->arg, c->view, c->segment, at);
}

/* These pages were not protected and are now: of them, what the kernel has copied was dirty. */
static int report_copied(void *arg, struct range at)
{
	return pagemap_each(PAGEMAP_COPIED, at, PAGEMAP_LOOK, report_range, arg);
}

/* Where one entry of the page table stands for a whole chunk it is the file's. */
static int note_small(void *arg, struct range at)
{
	struct collecting *c = arg;

	return range_list_add(&c->small, chunks_around(c->chunks, at));
}

static struct range behind_files(const struct chunks *chunks, struct range at)
{
	return (struct range){ max_u64(at.start, chunks->files.end), at.end };
}

/*
 * Calls fn for what is dirty in a stretch of free chunks, or of free and loose ones.  At first it is not asked what is copied, for which the kernel
 * looks up each page, be it one of 2 MiB.
 */
static int look_at_free(struct collecting *c, struct range at, pagemap_range_fn fn)
{
	struct range files = range_intersect(at, c->chunks->files);
	int err = pagemap_each(PAGEMAP_THERE_WRITTEN, files, PAGEMAP_LOOK, note_small, c);

	for (size_t i = 0; i < c->small.count && !err; i++)
		err = pagemap_each(PAGEMAP_COPIED_WRITTEN, range_intersect(c->small.ranges[i], files), PAGEMAP_LOOK, fn, c);
	c->small.count = 0;
	return err ? err : pagemap_each(PAGEMAP_COPIED_WRITTEN, behind_files(c->chunks, at), PAGEMAP_LOOK, fn, c);
}

/* The same for any. */
static int look_at(struct collecting *c, enum chunk_state state, struct range at, pagemap_range_fn fn)
{
	int err;

	if (state == CHUNK_FREE || state == CHUNK_MIXED)
		return look_at_free(c, at, fn);
	err = pagemap_each(state == CHUNK_CLOSED ? PAGEMAP_WRITTEN : PAGEMAP_COPIED_WRITTEN, at, PAGEMAP_LOOK, fn, c);
	/* The kernel does not track it any more. */
	return err == -EPERM ? pagemap_each(PAGEMAP_COPIED, at, PAGEMAP_LOOK, fn, c) : err;
}

static int note_hot(void *arg, struct range at)
{
	struct collecting *c = arg;

	return range_list_add(&c->hot, chunks_around(c->chunks, at));
}

/* Nothing that the kernel says of these chunks can be relied on: all that was ever stored to counts as dirty. */
static int report_lost(struct collecting *c, struct range at)
{
	chunks_forget(c->chunks, at);
	return pagemap_each(PAGEMAP_COPIED, at, PAGEMAP_LOOK, report_range, c);
}

/* It is quicker to protect what has only been read along with what was stored to than to ask each time what is copied. */
static int collect_loose(struct collecting *c, struct range at)
{
	int err = pagemap_each(PAGEMAP_THERE_WRITTEN, range_intersect(at, c->chunks->files), PAGEMAP_PROTECT, report_copied, c);

	return err ? err : pagemap_each(PAGEMAP_COPIED_WRITTEN, behind_files(c->chunks, at), PAGEMAP_PROTECT, report_range, c);
}

/* Protects and reports what is dirty in a stretch of registered chunks. */
static int collect_stretch(struct collecting *c, struct chunk_walk *w, enum chunk_state state, struct range at)
{
	int err = state == CHUNK_CLOSED ? pagemap_each(PAGEMAP_WRITTEN, at, PAGEMAP_PROTECT, report_range, c) : collect_loose(c, at);

	if (err == -EPERM) {
		err = report_lost(c, at);
		w->run = 0;
	}
	return err;
}

/*
 * Protects and reports what is dirty in the chunks that are closed, and in long stretches of loose ones.  The others are looked at: of short
 * stretches each would take a call, where what is dirty may be little.
 */
static int collect_or_look(struct collecting *c, struct range at)
{
	struct chunk_walk w = { c->chunks, at, 0 };
	enum chunk_state state;
	struct range part;
	int err = 0;

	while (!err && chunks_next_mixed(&w, &part, &state)) {
		uint64_t start = sys_now_ns(CLOCK_MONOTONIC), took;

		if (state == CHUNK_CLOSED || state == CHUNK_LOOSE)
			err = collect_stretch(c, &w, state, part);
		else
			err = look_at(c, state, part, note_hot);
		took = sys_now_ns(CLOCK_MONOTONIC) - start;
		/* Of huge pages nothing is dropped for it: they may be somebody else's when they are wanted again. */
		c->view->look_ns += range_is_empty(c->chunks->files) ? 0 : took;
		if (state == CHUNK_CLOSED)
			filling_earn(c->chunks, took);
		else
			c->chunks->slow_ns += took;
	}
	return err;
}

/* The same where something has been seen. */
static int collect_hot(struct collecting *c, struct range at)
{
	struct chunk_walk w = { c->chunks, at, 0 };
	enum chunk_state state;
	struct range part;
	int err = 0;

	while (!err && chunks_next(&w, &part, &state)) {
		if (state != CHUNK_FREE)
			err = collect_stretch(c, &w, state, part);
	}
	return err;
}

static void register_hot(struct collecting *c)
{
	range_list_normalize(&c->hot);
	if (c->hot.count)
		chunks_register(c->chunks, &c->hot);
}

static int collect_all_hot(struct collecting *c, struct range at)
{
	int err = 0;

	register_hot(c);
	for (size_t i = 0; i < c->hot.count && !err; i++)
		err = collect_hot(c, range_intersect(c->hot.ranges[i], at));
	c->hot.count = 0;
	return err;
}

/* Calls fn for those pages in the chunks of `at` that are in this state. */
static int each_in_state(struct collecting *c, enum chunk_state wanted, enum pagemap_pages what, struct range at, pagemap_range_fn fn)
{
	struct chunk_walk w = { c->chunks, at, 0 };
	enum chunk_state state;
	struct range part;
	int err = 0;

	while (!err && chunks_next(&w, &part, &state)) {
		if (state == wanted)
			err = pagemap_each(what, part, PAGEMAP_LOOK, fn, c);
	}
	return err;
}

static int end_count(struct collecting *c, struct range_list *dense)
{
	int err = c->pages >= c->enough ? range_list_add(dense, c->counted) : 0;

	c->pages = 0;
	return err;
}

static int count_pages(struct collecting *c, struct range at, struct range_list *dense)
{
	int err = 0;

	while (at.start < at.end && !err) {
		struct range chunk = chunks_around(c->chunks, (struct range){ at.start, at.start + 1 });
		uint64_t end = min_u64(at.end, chunk.end);

		if (chunk.start != c->counted.start)
			err = end_count(c, dense);
		c->counted = chunk;
		c->pages += (end - at.start) / page_size();
		at.start = end;
	}
	return err;
}

static int count_to_close(void *arg, struct range at)
{
	return count_pages(arg, at, &((struct collecting *)arg)->dense);
}

static int count_to_register(void *arg, struct range at)
{
	return count_pages(arg, at, &((struct collecting *)arg)->hot);
}

/* Finds the chunks of `at` with many pages, among the loose or the free ones. */
static int find_dense(struct collecting *c, enum chunk_state among, struct range at)
{
	bool loose = among == CHUNK_LOOSE;
	int err;

	c->counted = (struct range){ 0, 0 };
	c->pages = 0;
	c->enough = loose ? DENSE_LOOSE : DENSE_FREE;
	err = each_in_state(c, among, PAGEMAP_THERE, at, loose ? count_to_close : count_to_register);
	return err ? err : end_count(c, loose ? &c->dense : &c->hot);
}

/* Nothing was stored there that is there still. */
static int report_none(void *arg, struct range at)
{
	return 0;
}

/* What is nowhere goes first: once it is protected it cannot be told from a copy that was swapped out. */
static int close_chunks(struct collecting *c, struct range at)
{
	int err = pagemap_each(PAGEMAP_NOWHERE, at, PAGEMAP_PROTECT, report_none, NULL);

	return err ? err : pagemap_each(PAGEMAP_WRITTEN, at, PAGEMAP_PROTECT, report_copied, c);
}

static int close_dense(struct collecting *c, struct range limits)
{
	int err = 0;

	range_list_normalize(&c->dense);
	for (size_t i = 0; i < c->dense.count && !err; i++) {
		struct range at = range_intersect(c->dense.ranges[i], limits);

		err = close_chunks(c, at);
		if (err == -EPERM)
			err = report_lost(c, at);
		else if (!err)
			chunks_close(c->chunks, at);
	}
	return err;
}

/* Looking at chunks that are not closed has taken long: closes those with many pages. */
static int survey(struct collecting *c, struct range at)
{
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC), took;
	int err = find_dense(c, CHUNK_FREE, at);

	register_hot(c);
	if (!err)
		err = find_dense(c, CHUNK_LOOSE, at);
	took = sys_now_ns(CLOCK_MONOTONIC) - start;
	c->chunks->slow_ns = 0;
	c->chunks->patience_ns = took * PATIENCE_FACTOR;
	return err ? err : close_dense(c, at);
}

int collect_chunks(struct view *v, const struct segment *s, struct chunks *chunks, struct range at, tracker_dirty_fn fn,
		   void *arg)
{
	struct collecting c = { .view = v, .segment = s, .chunks = chunks, .fn = fn, .arg = arg };
	int err;

	chunks->incomplete = false;
	err = collect_or_look(&c, at);
	if (!err)
		err = collect_all_hot(&c, at);
	if (!err && chunks->slow_ns > max_u64(PATIENCE_NS, chunks->patience_ns))
		err = survey(&c, at);
	/* Whatever could not be registered is still dirty, and reported as such. */
	if (!err && chunks->incomplete)
		err = each_in_state(&c, CHUNK_FREE, PAGEMAP_COPIED_WRITTEN, at, report_range);
	range_list_free(&c.small);
	range_list_free(&c.hot);
	range_list_free(&c.dense);
	return err;
}

static int look_at_all(struct collecting *c, struct range at, pagemap_range_fn fn)
{
	struct chunk_walk w = { c->chunks, at, 0 };
	enum chunk_state state;
	struct range part;
	int err = 0;

	while (!err && chunks_next_mixed(&w, &part, &state))
		err = look_at(c, state, part, fn);
	range_list_free(&c->small);
	return err;
}

int collect_look(struct view *v, const struct segment *s, struct chunks *chunks, struct range at, tracker_dirty_fn fn, void *arg)
{
	struct collecting c = { .view = v, .segment = s, .chunks = chunks, .fn = fn, .arg = arg };

	return look_at_all(&c, at, report_range);
}

static int count(void *arg, struct range at)
{
	struct collecting *c = arg;

	c->pages += (at.end - at.start) / page_size();
	return c->pages >= c->enough;
}

int collect_count(const struct chunks *chunks, struct range at, uint64_t enough, uint64_t *pages)
{
	struct collecting c = { .chunks = (struct chunks *)chunks, .pages = *pages, .enough = enough };
	int err = *pages < enough ? look_at_all(&c, at, count) : 0;

	*pages = min_u64(c.pages, enough);
	return err < 0 ? err : 0;
}
