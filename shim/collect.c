/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See collect.h. */
#include "collect.h"

#include "pagemap.h"
#include "sys.h"

/* Pages of a chunk that must be in memory before it is closed.  In a free one also all that are not yet lose something: the kernel
   maps no neighbours of a page that is touched where userfaultfd tracks.  Where the page table has one entry for the whole chunk, looking
   costs little, and the first store would make the kernel forget all that was protected. */
#define DENSE_FRESH 32
#define DENSE_LOOSE 8
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
	struct range_list small; /* free chunks that must be looked at page by page */
	struct range_list fresh; /* free chunks that are to be registered */
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

/* Nothing that the kernel says of these chunks can be relied on: all that was ever stored to counts as dirty. */
static int report_lost(struct collecting *c, struct range at)
{
	chunks_forget(c->chunks, at);
	return pagemap_each(PAGEMAP_COPIED, at, PAGEMAP_LOOK, report_range, c);
}

/* Protects and reports what is dirty in the registered chunks of `at`. */
static int collect_registered(struct collecting *c, struct range at)
{
	struct chunk_walk w = { c->chunks, at, 0 };
	enum chunk_state state;
	struct range part;
	int err = 0;

	while (!err && chunks_next(&w, &part, &state)) {
		uint64_t start = state == CHUNK_LOOSE ? sys_now_ns(CLOCK_MONOTONIC) : 0;

		if (state == CHUNK_FREE)
			continue;
		err = pagemap_each(state == CHUNK_CLOSED ? PAGEMAP_WRITTEN : PAGEMAP_COPIED_WRITTEN, part,
				   PAGEMAP_PROTECT, report_range, c);
		if (err == -EPERM) {
			err = report_lost(c, part);
			w.run = 0;
		}
		if (start)
			c->chunks->slow_ns += sys_now_ns(CLOCK_MONOTONIC) - start;
	}
	return err;
}

/* Calls fn for what is in those chunks of `at` that are free, or, loose: that are loose. */
static int each_free(struct collecting *c, bool loose, enum pagemap_pages what, struct range at, pagemap_range_fn fn)
{
	struct chunk_walk w = { c->chunks, at, 0 };
	enum chunk_state state;
	struct range part;
	int err = 0;

	while (!err && chunks_next(&w, &part, &state)) {
		if (state == (loose ? CHUNK_LOOSE : CHUNK_FREE))
			err = pagemap_each(what, part, PAGEMAP_LOOK, fn, c);
	}
	return err;
}

static int note_fresh(void *arg, struct range at)
{
	struct collecting *c = arg;

	return range_list_add(&c->fresh, chunks_around(c->chunks, at));
}

/* Of the chunks that are free, those with pages one by one: where one entry stands for all of them they are the file's. */
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
 * Looks for what is dirty in free chunks, at first without asking what is copied, for which the kernel looks up each page, be it
 * one of 2 MiB.
 */
static int find_fresh(struct collecting *c, struct range at)
{
	struct range files = range_intersect(at, c->chunks->files);
	int err = each_free(c, false, PAGEMAP_THERE, files, note_small);

	for (size_t i = 0; i < c->small.count && !err; i++)
		err = each_free(c, false, PAGEMAP_COPIED_WRITTEN, range_intersect(c->small.ranges[i], files), note_fresh);
	if (!err)
		err = each_free(c, false, PAGEMAP_COPIED_WRITTEN, behind_files(c->chunks, at), note_fresh);
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
	return count_pages(arg, at, &((struct collecting *)arg)->fresh);
}

/* Finds the chunks of `at` with many pages, among the loose or the free ones. */
static int find_dense(struct collecting *c, bool loose, uint64_t enough, struct range at)
{
	int err;

	c->counted = (struct range){ 0, 0 };
	c->pages = 0;
	c->enough = enough;
	err = each_free(c, loose, PAGEMAP_THERE, at, loose ? count_to_close : count_to_register);
	return err ? err : end_count(c, loose ? &c->dense : &c->fresh);
}

/* These pages were not protected and are now: of them, what the kernel has copied was dirty. */
static int report_copied(void *arg, struct range at)
{
	return pagemap_each(PAGEMAP_COPIED, at, PAGEMAP_LOOK, report_range, arg);
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

/* Free chunks: registers those that are dirty, and reports them. */
static int collect_free(struct collecting *c, struct range at)
{
	int err = 0;

	range_list_normalize(&c->fresh);
	if (c->fresh.count)
		chunks_register(c->chunks, &c->fresh);
	for (size_t i = 0; i < c->fresh.count && !err; i++) {
		struct range part = range_intersect(c->fresh.ranges[i], at);

		err = collect_registered(c, part);
		if (!err)
			err = find_dense(c, true, DENSE_FRESH, part);
	}
	/* Whatever could not be registered is still dirty, and reported as such. */
	if (!err && c->chunks->incomplete)
		err = each_free(c, false, PAGEMAP_COPIED_WRITTEN, at, report_range);
	return err;
}

/* Has looking at chunks that are not closed taken so long that some of them should be? */
static int survey(struct collecting *c, struct range at)
{
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC), took;
	int err = find_dense(c, false, DENSE_FREE, at);

	if (!err)
		err = find_dense(c, true, DENSE_LOOSE, at);
	took = sys_now_ns(CLOCK_MONOTONIC) - start;
	c->chunks->slow_ns = 0;
	c->chunks->patience_ns = took * PATIENCE_FACTOR;
	return err;
}

int collect_chunks(struct view *v, const struct segment *s, struct chunks *chunks, struct range at, tracker_dirty_fn fn,
		   void *arg)
{
	struct collecting c = { .view = v, .segment = s, .chunks = chunks, .fn = fn, .arg = arg };
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC);
	int err = find_fresh(&c, at);

	chunks->slow_ns += sys_now_ns(CLOCK_MONOTONIC) - start;
	if (!err)
		err = collect_registered(&c, at);
	if (!err && chunks->slow_ns > max_u64(PATIENCE_NS, chunks->patience_ns))
		err = survey(&c, at);
	if (!err)
		err = collect_free(&c, at);
	if (!err)
		err = close_dense(&c, at);
	range_list_free(&c.small);
	range_list_free(&c.fresh);
	range_list_free(&c.dense);
	return err;
}

int collect_look(struct view *v, const struct segment *s, struct chunks *chunks, struct range at, tracker_dirty_fn fn, void *arg)
{
	struct collecting c = { .view = v, .segment = s, .fn = fn, .arg = arg };
	struct chunk_walk w = { chunks, at, 0 };
	enum chunk_state state;
	struct range part;
	int err = 0;

	while (!err && chunks_next(&w, &part, &state)) {
		err = pagemap_each(state == CHUNK_CLOSED ? PAGEMAP_WRITTEN : PAGEMAP_COPIED_WRITTEN, part, PAGEMAP_LOOK, report_range, &c);
		/* The kernel does not track it any more. */
		if (err == -EPERM)
			err = pagemap_each(PAGEMAP_COPIED, part, PAGEMAP_LOOK, report_range, &c);
	}
	return err;
}

/* As find_fresh. */
static int count_free(const struct chunks *chunks, struct range at, uint64_t enough, uint64_t *pages)
{
	struct collecting c = { .chunks = (struct chunks *)chunks };
	struct range files = range_intersect(at, chunks->files);
	int err = pagemap_each(PAGEMAP_THERE, files, PAGEMAP_LOOK, note_small, &c);

	for (size_t i = 0; i < c.small.count && !err && *pages < enough; i++)
		err = pagemap_count(PAGEMAP_COPIED_WRITTEN, range_intersect(c.small.ranges[i], files), enough, pages);
	if (!err)
		err = pagemap_count(PAGEMAP_COPIED_WRITTEN, behind_files(chunks, at), enough, pages);
	range_list_free(&c.small);
	return err;
}

int collect_count(const struct chunks *c, struct range at, uint64_t enough, uint64_t *pages)
{
	struct chunk_walk w = { c, at, 0 };
	enum chunk_state state;
	struct range part;
	int err = 0;

	while (!err && *pages < enough && chunks_next(&w, &part, &state)) {
		if (state == CHUNK_FREE)
			err = count_free(c, part, enough, pages);
		else
			err = pagemap_count(state == CHUNK_CLOSED ? PAGEMAP_WRITTEN : PAGEMAP_COPIED_WRITTEN, part,
					    enough, pages);
	}
	return err;
}
