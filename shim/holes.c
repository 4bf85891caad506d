/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See holes.h.  Data is what the file has, below the smallest size of the transaction, and every page
 * that the kernel has copied for the view.
 */
#include "holes.h"

#include "engine.h"
#include "memory.h"
#include "pagemap.h"
#include "sys.h"

#define FOUND 1

struct search {
	struct view *view;
	uint64_t offset;
	bool hole;
	int64_t answer;
};

/* The file's own data or hole from `at` on, UINT64_MAX or its end when there is none. */
static uint64_t in_file(const struct view *v, uint64_t at, bool hole)
{
	uint64_t end = min_u64(min_u64(v->committed, v->cut), v->size);
	int64_t found = at < end ? sys_lseek(v->fd, (int64_t)at, hole ? SEEK_HOLE : SEEK_DATA) : -ENXIO;

	if (found >= 0 && (uint64_t)found < end)
		return (uint64_t)found;
	/* A file system that cannot tell has data only. */
	if (found < 0 && found != -ENXIO)
		return hole ? end : at;
	return hole ? max_u64(at, found >= 0 ? end : at) : UINT64_MAX;
}

struct first {
	const struct segment *segment;
	struct range run; /* of the file */
};

static int take_first(void *arg, struct range at)
{
	struct first *f = arg;
	uint64_t start = view_offset(f->segment, at.start);

	if (range_is_empty(f->run) || start < f->run.start)
		f->run = (struct range){ start, view_offset(f->segment, at.end) };
	return FOUND;
}

/* The first copied run from `at` on; false when there is none. */
static bool next_copied(const struct view *v, uint64_t at, struct range *run)
{
	struct first f = { NULL, { 0, 0 } };

	for (unsigned i = 0; i < v->segment_count; i++) {
		f.segment = &v->segments[i];
		pagemap_each_copied(segment_range(f.segment, page_floor(at), page_ceil(v->size)), take_first, &f);
	}
	*run = f.run;
	return !range_is_empty(f.run);
}

/* The memory of a shared view has what is loaded; of a large one the file has the rest. */
static bool next_in_view(const struct view *v, uint64_t at, struct range *run)
{
	if (!v->shared)
		return next_copied(v, at, run);
	run->start = memory_seek(v, at, false);
	run->end = run->start < UINT64_MAX ? memory_seek(v, run->start, true) : 0;
	return run->start < run->end;
}

static uint64_t next_data(const struct view *v, uint64_t at)
{
	struct range run;
	uint64_t file;

	if (v->shared && !v->partial)
		return memory_seek(v, at, false);
	file = in_file(v, at, false);
	if (next_in_view(v, at, &run))
		file = min_u64(file, max_u64(at, run.start));
	return file;
}

static uint64_t next_hole(const struct view *v, uint64_t at)
{
	if (v->shared && !v->partial)
		return memory_seek(v, at, true);
	while (at < v->size) {
		uint64_t end = in_file(v, at, true);
		struct range run;

		if (end == at && next_in_view(v, at, &run) && run.start <= at)
			end = run.end;
		if (end == at)
			return at;
		at = end;
	}
	return v->size;
}

static int find_job(void *arg)
{
	struct search *s = arg;
	uint64_t found;

	if (s->offset >= s->view->size)
		return -ENXIO;
	found = s->hole ? next_hole(s->view, s->offset) : next_data(s->view, s->offset);
	if (found >= s->view->size && !s->hole)
		return -ENXIO;
	s->answer = (int64_t)min_u64(found, s->view->size);
	return 0;
}

int64_t holes_find(struct view *v, int64_t offset, bool hole)
{
	struct search s = { v, (uint64_t)offset, hole, 0 };
	int err;

	if (offset < 0)
		return -ENXIO;
	/* A forked child has no way to look: all data. */
	if (v->mode == VIEW_ORPHAN) {
		if ((uint64_t)offset >= v->size)
			return -ENXIO;
		return hole ? (int64_t)v->size : offset;
	}
	err = engine_run(find_job, &s);
	return err ? err : s.answer;
}
