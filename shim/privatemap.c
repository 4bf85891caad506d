/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See privatemap.h. */
#include "privatemap.h"

#include <string.h>

#include "engine.h"
#include "loading.h"
#include "memory.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

struct filling {
	struct view *view;
	char *at;             /* the mapping */
	struct range range;   /* of the file: page borders */
};

static char *place_of(const struct filling *f, uint64_t offset)
{
	return f->at + (offset - f->range.start);
}

static int put(const struct filling *f, uint64_t start, uint64_t end, int fd)
{
	struct range r = range_intersect((struct range){ start, end }, f->range);
	int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0);
	void *p;

	if (range_is_empty(r))
		return 0;
	p = sys_mmap(place_of(f, r.start), r.end - r.start, PROT_READ | PROT_WRITE, flags, fd, 0);
	return sys_is_error(p) ? sys_error_of(p) : 0;
}

/* The parts of the view that are not the file's: zeros where it grew, nothing where it was cut. */
static int fit(const struct filling *f)
{
	const struct view *v = f->view;
	uint64_t end = page_ceil(v->size);
	int err = put(f, v->file_end, end, -1);

	return err ? err : put(f, end, page_ceil(v->committed), view_void_fd());
}

static int copy(void *arg, struct view *v, const struct segment *s, struct range at)
{
	memcpy(place_of(arg, view_offset(s, at.start)), (const void *)at.start, at.end - at.start);
	return 0;
}

static void copy_loaded(const struct filling *f, uint64_t at, uint64_t end)
{
	const struct view *v = f->view;

	for (uint64_t next; at < end; at = next) {
		bool loaded;

		next = loading_run(v, at, end, &loaded);
		if (loaded)
			memcpy(place_of(f, at), v->memory.at + at, next - at);
	}
}

/* A shared view is memory: what of it is not a hole.  What is not loaded yet is as in the file. */
static int fill_from_memory(const struct filling *f, uint64_t end)
{
	const struct view *v = f->view;
	uint64_t loaded = v->partial ? max_u64(shared_file_of(v)->load_end, f->range.start) : f->range.start;
	int err = put(f, loaded, end, -1);

	if (!err)
		err = put(f, page_ceil(v->size), f->range.end, view_void_fd());
	for (uint64_t at = f->range.start, hole; at < end && !err; at = hole) {
		at = memory_seek(v, at, false);
		hole = at < end ? min_u64(page_ceil(memory_seek(v, at, true)), end) : at;
		if (at < end)
			copy_loaded(f, at, hole);
	}
	return err;
}

static int fill_job(void *arg)
{
	struct filling *f = arg;
	struct view *v = f->view;
	uint64_t end = min_u64(f->range.end, page_ceil(v->size));
	int err;

	if (v->shared)
		return fill_from_memory(f, end);
	err = fit(f);

	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		const struct segment *s = &v->segments[i];
		struct range at = segment_range(s, f->range.start, end);

		if (!range_is_empty(at))
			err = tracker_each_copied(v, s, at, copy, f);
	}
	return err;
}

int privatemap_map(struct view *v, void *addr, size_t length, int prot, int flags, int fd, uint64_t offset,
		   void **result)
{
	void *p = sys_mmap(addr, length, PROT_READ | PROT_WRITE, flags & ~MAP_POPULATE, fd, offset);
	struct filling f = { v, p, { offset, page_ceil(offset + length) } };
	int err;

	if (sys_is_error(p))
		return sys_error_of(p);
	err = v->mode == VIEW_ORPHAN ? -EIO : engine_run(fill_job, &f);
	if (!err)
		err = sys_mprotect(p, length, prot);
	if (err) {
		sys_munmap(p, length);
		return err;
	}
	*result = p;
	return 0;
}
