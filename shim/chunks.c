/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See chunks.h. */
#include "chunks.h"

#include <string.h>

#include "arena.h"
#include "log.h"
#include "sys.h"
#include "userfault.h"

#define SHORT (16 * CHUNK)

uint64_t chunks_index(const struct chunks *c, uint64_t at)
{
	return at / CHUNK - c->all.start / CHUNK;
}

uint64_t chunks_start(const struct chunks *c, uint64_t index)
{
	return (c->all.start / CHUNK + index) * CHUNK;
}

struct range chunks_around(const struct chunks *c, struct range at)
{
	return range_intersect((struct range){ at.start / CHUNK * CHUNK, round_up(at.end, CHUNK) }, c->all);
}

/* Inside a run: is the chunk at `at` closed, and up to where is that so? */
static enum chunk_state state_in_run(const struct chunks *c, struct range at, uint64_t *end)
{
	uint64_t first = chunks_index(c, at.start), limit = chunks_index(c, at.end - 1) + 1, found, stop;

	*end = at.end;
	if (!open_pages_next(&c->closed, first, limit, &found, &stop))
		return CHUNK_LOOSE;
	*end = min_u64(at.end, chunks_start(c, found == first ? stop : found));
	return found == first ? CHUNK_CLOSED : CHUNK_LOOSE;
}

bool chunks_next(struct chunk_walk *w, struct range *part, enum chunk_state *state)
{
	const struct chunks *c = w->chunks;
	uint64_t end = w->rest.end;

	if (range_is_empty(w->rest))
		return false;
	while (w->run < c->count && c->runs[w->run].end <= w->rest.start)
		w->run++;
	*state = CHUNK_FREE;
	if (w->run < c->count) {
		struct range run = range_intersect(c->runs[w->run], w->rest);

		if (range_is_empty(run))
			run.start = end;
		if (run.start == w->rest.start)
			*state = state_in_run(c, run, &end);
		else
			end = run.start;
	}
	*part = (struct range){ w->rest.start, end };
	w->rest.start = end;
	return true;
}

static bool is_apart(enum chunk_state state, struct range part)
{
	return state == CHUNK_CLOSED || (state == CHUNK_LOOSE && part.end - part.start > SHORT);
}

bool chunks_next_mixed(struct chunk_walk *w, struct range *part, enum chunk_state *state)
{
	struct chunk_walk ahead;
	enum chunk_state is;
	struct range more;

	if (!chunks_next(w, part, state))
		return false;
	if (is_apart(*state, *part))
		return true;
	for (ahead = *w; chunks_next(&ahead, &more, &is) && !is_apart(is, more); *w = ahead) {
		part->end = more.end;
		*state = CHUNK_MIXED;
	}
	return true;
}

/* The runs that will be wanted: `a` and `b`, both in order, gaps up to `merge` closed. */
struct plan {
	struct range runs[CHUNK_RUNS];
	unsigned count;
};

static int plan_one(struct plan *p, struct range r, uint64_t merge)
{
	struct range *last = p->count ? &p->runs[p->count - 1] : NULL;

	if (last && r.start <= last->end + merge) {
		last->end = max_u64(last->end, r.end);
		return 0;
	}
	if (p->count == CHUNK_RUNS)
		return -ENOSPC;
	p->runs[p->count++] = r;
	return 0;
}

static int plan_runs(struct plan *p, const struct chunks *c, const struct range_list *wanted, uint64_t merge)
{
	size_t i = 0, j = 0;
	int err = 0;

	p->count = 0;
	while (!err && (i < c->count || j < wanted->count)) {
		if (j == wanted->count || (i < c->count && c->runs[i].start <= wanted->ranges[j].start))
			err = plan_one(p, c->runs[i++], merge);
		else
			err = plan_one(p, wanted->ranges[j++], merge);
	}
	return err;
}

static bool was_registered(const struct chunks *c, struct range r)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (c->runs[i].start <= r.start && r.end <= c->runs[i].end)
			return true;
	}
	return false;
}

/* A run that cannot be registered is not in the books: what of it was registered before still tells the truth. */
static void register_plan(struct chunks *c, struct plan *p)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->count; i++) {
		int err = was_registered(c, p->runs[i]) ? 0 : userfault_register(p->runs[i]);

		if (err) {
			log_debug("userfaultfd: %e: some pages will be compared at each commit", err);
			c->incomplete = true;
			continue;
		}
		p->runs[kept++] = p->runs[i];
	}
	memcpy(c->runs, p->runs, kept * sizeof *c->runs);
	c->count = kept;
}

void chunks_register(struct chunks *c, const struct range_list *wanted)
{
	struct plan *p = arena_alloc(sizeof *p);

	if (!p) {
		c->incomplete = true;
		return;
	}
	for (uint64_t merge = 0; plan_runs(p, c, wanted, merge);)
		merge = merge ? merge * 2 : CHUNK;
	register_plan(c, p);
	arena_free(p, sizeof *p);
}

int chunks_close(struct chunks *c, struct range at)
{
	uint64_t end = chunks_index(c, at.end - 1) + 1;
	int err = open_pages_reach(&c->closed, chunks_index(c, c->all.end - 1) + 1);

	if (err)
		return err;
	open_pages_set(&c->closed, chunks_index(c, at.start), end);
	open_pages_clear(&c->filled, min_u64(chunks_index(c, at.start), c->filled.pages), min_u64(end, c->filled.pages));
	c->fillable = true;
	return 0;
}

static void clear_closed(struct chunks *c, struct range at)
{
	open_pages_clear(&c->closed, min_u64(chunks_index(c, at.start), c->closed.pages),
			 min_u64(chunks_index(c, at.end - 1) + 1, c->closed.pages));
}

/* What there is no room for is free, dirty or not. */
static void split_run(struct chunks *c, unsigned i, struct range before, struct range behind)
{
	c->runs[i] = before;
	if (c->count == CHUNK_RUNS) {
		clear_closed(c, behind);
		c->incomplete = true;
		return;
	}
	memmove(c->runs + i + 2, c->runs + i + 1, (c->count - i - 1) * sizeof *c->runs);
	c->runs[i + 1] = behind;
	c->count++;
}

void chunks_forget(struct chunks *c, struct range at)
{
	struct range gone = chunks_around(c, at);
	unsigned kept = 0;

	if (range_is_empty(gone))
		return;
	clear_closed(c, gone);
	for (unsigned i = 0; i < c->count; i++) {
		struct range r = c->runs[i], before = { r.start, min_u64(r.end, gone.start) },
			     behind = { max_u64(r.start, gone.end), r.end };

		/* Then it is the only one that they meet. */
		if (!range_is_empty(before) && !range_is_empty(behind)) {
			split_run(c, i, before, behind);
			return;
		}
		if (!range_is_empty(before))
			c->runs[kept++] = before;
		else if (!range_is_empty(behind))
			c->runs[kept++] = behind;
	}
	c->count = kept;
}

/*
 * Tracked it would cost a fault for each page that is read: so it is not, as long as that leaves room for those that will be. Where a part of it
 * has been mapped anew that is not any more, and the kernel refuses to be told so.
 */
void chunks_rest(struct chunks *c, struct range at)
{
	struct range gone = chunks_around(c, at);

	if (c->count < CHUNK_RUNS / 2) {
		userfault_unregister(gone);
		chunks_forget(c, gone);
		return;
	}
	if (!userfault_unprotect(at))
		clear_closed(c, gone);
}

/*
 * Behind file_end is anonymous memory, with large pages if the program wants some; and so are islands (backing.h): one that fills a chunk, alone or with
 * what lies behind file_end, may become such a page. At its ends a segment may share a chunk with another one.
 */
struct range chunks_of_file(const struct view *v, const struct segment *s)
{
	struct range files = segment_range(s, 0, v->file_end);

	for (size_t i = 0; i < v->islands.count; i++) {
		struct range island = v->islands.ranges[i];
		struct range at = segment_range(s, island.start, island.end < v->file_end ? island.end : UINT64_MAX);
		uint64_t start = at.start == s->at.start ? at.start : round_up(at.start, CHUNK);
		uint64_t end = at.end == s->at.end ? at.end : at.end / CHUNK * CHUNK;

		if (start < end)
			files.end = min_u64(files.end, start);
	}
	return files;
}
