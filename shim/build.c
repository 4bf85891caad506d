/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See build.h. */
#include "build.h"

#include <string.h>

#include "arena.h"
#include "copies.h"
#include "guard.h"
#include "home.h"
#include "memory.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

#define UNIT ((size_t)64)
#define LONGEST_RUN ((uint64_t)256 << 10) /* is in the CPU's cache still when it is copied; what is shorter has its folio broken up (home.c) */
#define PIECE ((uint64_t)64 << 10)
#define EXACT_MOST 65536 /* ranges: 1 MiB */

/* What the file holds of the pages at hand. */
static uint8_t then[PIECE];

static void note_exact(struct build *b)
{
	if (!b->inexact && (b->exact.count == EXACT_MOST || range_list_add(&b->exact, b->run)))
		b->inexact = true;
	if (b->inexact)
		range_list_free(&b->exact);
}

static void log_run(struct build *b)
{
	struct view *v = b->view;
	uint64_t length = b->run.end - b->run.start;

	if (length == 0 || b->error)
		return;
	if (!b->begun) {
		b->error = v->error ? v->error : journal_begin(&v->journal);
		b->begun = true;
	}
	if (!b->error)
		b->error = journal_put(&v->journal, b->run.start, b->run_at, length);
	note_exact(b);
	b->run = (struct range){ 0, 0 };
}

static void add_run(struct build *b, uint64_t offset, const uint8_t *at, uint64_t length)
{
	uint64_t held = b->run.end - b->run.start;

	if (held && b->run.end == offset && b->run_at + held == at && held < LONGEST_RUN) {
		b->run.end += length;
		return;
	}
	log_run(b);
	b->run = (struct range){ offset, offset + length };
	b->run_at = at;
}

static void note_pages(struct build *b, uint64_t start, uint64_t end)
{
	if (range_list_add(&b->logged, (struct range){ page_floor(start), page_ceil(end) }))
		b->view->carry_all = true;
}

struct comparison {
	const uint8_t *now; /* in the view */
	const uint8_t *then;
	size_t length;
	size_t first; /* of the differing bytes, in units; length: none */
	size_t end;
};

static bool differ(const struct comparison *c, size_t at)
{
	uint64_t now[UNIT / 8], was[UNIT / 8], difference = 0;

	if (c->length - at < UNIT)
		return memcmp(c->now + at, c->then + at, c->length - at);
	memcpy(now, c->now + at, UNIT);
	memcpy(was, c->then + at, UNIT);
	for (size_t i = 0; i < UNIT / 8; i++)
		difference |= now[i] ^ was[i];
	return difference;
}

/* Finds the next run of differing units from c->end on. */
static void compare(void *arg)
{
	struct comparison *c = arg;
	size_t i = c->end;

	while (i < c->length && !differ(c, i))
		i += UNIT;
	c->first = i;
	while (i < c->length && differ(c, i))
		i += UNIT;
	c->end = i;
}

static bool add_differences(struct build *b, uint64_t offset, const uint8_t *now, const uint8_t *was,
			    size_t length)
{
	struct comparison c = { now, was, length, 0, 0 };
	bool any = false;

	while (c.end < length && !b->error) {
		b->error = guard_run(compare, &c);
		if (b->error || c.first >= length)
			break;
		any = true;
		add_run(b, offset + c.first, now + c.first, min_u64(c.end, length) - c.first);
	}
	return any;
}

/* A pass ends where the offsets stop ascending.  Says whether the page was taken before it. */
static bool note_taken(struct build *b, uint64_t offset)
{
	struct range page = { offset, offset + page_size() };

	if (b->now.count && offset < b->now.ranges[b->now.count - 1].end) {
		for (size_t i = 0; i < b->now.count && !b->error; i++)
			b->error = range_list_add(&b->before, b->now.ranges[i]);
		range_list_normalize(&b->before);
		b->now.count = 0;
	}
	if (!b->error)
		b->error = range_list_add(&b->now, page);
	return range_list_meets(&b->before, page);
}

static void take_page(struct build *b, uint64_t offset, const uint8_t *now, const uint8_t *was)
{
	uint64_t length = min_u64(page_size(), b->view->size - offset);
	bool changed = note_taken(b, offset);

	b->pages++;
	if (changed)
		add_run(b, offset, now, length);
	else if (!b->error)
		changed = add_differences(b, offset, now, was, length);
	if (changed || b->error)
		note_pages(b, offset, offset + length);
}

/* What the file holds; beyond the smallest size of the transaction that counts as zeros. */
static const uint8_t *find_then(struct build *b, uint64_t offset, uint64_t length)
{
	struct view *v = b->view;
	uint64_t limit = min_u64(v->committed, v->cut), old = offset < limit ? min_u64(length, limit - offset) : 0;
	const uint8_t *there = old == length ? home_look(v, offset, length) : NULL;

	if (there)
		return there;
	if (old)
		b->error = home_read(v, offset, then, old);
	memset(then + old, 0, length - old);
	return then;
}

void build_take_copy(struct view *v, struct range pages, const uint8_t *now)
{
	struct build *b = v->build;
	uint64_t start = pages.start, end = min_u64(pages.end, page_ceil(v->size)), offset;
	const uint8_t *was = then;

	for (offset = start; offset < end; offset += page_size()) {
		uint64_t in_piece = (offset - start) % PIECE;

		if (!in_piece && !b->error)
			was = find_then(b, offset, min_u64(PIECE, end - offset));
		if (b->error)
			break;
		take_page(b, offset, now + (offset - start), was + in_piece);
	}
	if (offset < end)
		note_pages(b, offset, end);
	/* The tracker looks next whether anything was stored since: all copies must be made before that look. */
	log_run(b);
}

int build_take(void *arg, struct view *v, const struct segment *s, struct range at)
{
	build_take_copy(v, (struct range){ view_offset(s, at.start), view_offset(s, at.end) }, (const uint8_t *)at.start);
	return 0;
}

void build_flush(struct build *b)
{
	log_run(b);
}

const struct range_list *build_exact(struct build *b)
{
	range_list_normalize(&b->exact);
	return b->inexact ? NULL : &b->exact;
}

bool build_has_changes(const struct build *b)
{
	return b->begun || view_size_changed(b->view) || view_is_aside(b->view);
}

int build_each_carried(struct view *v, build_range_fn fn, void *arg)
{
	struct range_list *l = &v->carried;
	int err = 0;

	/* Of a shared view they are in the dirty map. */
	if (v->shared)
		return 0;
	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct segment *s = &v->segments[i];
		struct range all = segment_range(s, 0, page_ceil(v->size));

		if (v->carry_all) {
			err = tracker_each_copied(v, s, all, fn, arg);
			continue;
		}
		for (size_t j = 0; j < l->count && !err; j++) {
			struct range at = segment_range(s, l->ranges[j].start, l->ranges[j].end);

			if (!range_is_empty(at))
				err = fn(arg, v, s, at);
		}
	}
	return err;
}

int build_start(struct view *v)
{
	int err = home_map(v, v->committed);

	if (err)
		return err;
	v->build = arena_alloc(sizeof *v->build);
	if (!v->build)
		return -ENOMEM;
	v->build->view = v;
	v->journal.sole = !v->leased && !shared_session();
	build_each_carried(v, build_take, NULL);
	return 0;
}

static void carry_over(const struct build *b)
{
	struct view *v = b->view;

	for (size_t i = 0; i < b->logged.count; i++) {
		struct range r = b->logged.ranges[i];

		if (v->shared)
			dirtymap_set(&v->memory.dirty, r.start, r.end);
		else if (range_list_add(&v->carried, r))
			v->carry_all = true;
	}
	range_list_normalize(&v->carried);
	if (v->shared && v->carry_all) {
		memory_all_dirty(v);
		v->carry_all = false;
	}
}

void build_end(struct view *v, bool committed)
{
	struct build *b = v->build;

	if (!b)
		return;
	journal_settle(&v->journal);
	if (committed) {
		copies_note(v, &b->before);
		copies_note(v, &b->now);
		range_list_free(&v->carried);
		v->carry_all = false;
	} else {
		carry_over(b);
	}
	range_list_free(&b->logged);
	range_list_free(&b->exact);
	range_list_free(&b->before);
	range_list_free(&b->now);
	arena_free(b, sizeof *b);
	v->build = NULL;
}
