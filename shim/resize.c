/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See resize.h; view.h says what the three parts of a segment are. */
#include "resize.h"

#include <string.h>

#include "backing.h"
#include "fence.h"
#include "guard.h"
#include "log.h"
#include "memory.h"
#include "placing.h"
#include "reclaim.h"
#include "sys.h"
#include "tracker.h"

enum backing { ZERO_PAGES, FILE_PAGES, NO_PAGES };

static void *map_fresh(const struct view *v, struct range at, enum backing with, uint64_t offset)
{
	int flags = MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, fd = v->fd;

	if (with == NO_PAGES) {
		fd = view_void_fd();
		offset = 0;
	}
	if (with == ZERO_PAGES || fd < 0) {
		flags |= MAP_ANONYMOUS;
		fd = -1;
		offset = 0;
	}
	return sys_mmap((void *)at.start, at.end - at.start, PROT_READ, flags, fd, offset);
}

/* Puts fresh pages where the view shows file offsets [start, end), page borders. */
static int put_pages(struct view *v, uint64_t start, uint64_t end, enum backing with)
{
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct segment *s = &v->segments[i];
		struct range at = segment_range(s, start, end);
		void *p;
		int err;

		if (range_is_empty(at))
			continue;
		p = map_fresh(v, at, with, view_offset(s, at.start));
		if (sys_is_error(p))
			return sys_error_of(p);
		/* A store dirties one page, not 512. */
		if (with == ZERO_PAGES)
			sys_madvise(p, at.end - at.start, MADV_NOHUGEPAGE);
		v->tracker->forget(v, at);
		err = v->tracker->protect(v, at);
		if (err)
			return err;
	}
	return 0;
}

/* Of a page that a full or failing disk cannot give, even to be read, a touch is a SIGBUS. */
struct rest {
	uint8_t *at;
	uint64_t length;
	bool zero;
};

static void look_at_rest(void *arg)
{
	struct rest *r = arg;
	uint64_t n = 0;

	while (n < r->length && !r->at[n])
		n++;
	r->zero = n == r->length;
}

static void clear_rest(void *arg)
{
	struct rest *r = arg;

	memset(r->at, 0, r->length);
}

/* Stores zeros from `start` to the end of its page. */
static int zero_rest_of_page(struct view *v, uint64_t start)
{
	uint64_t run, length = page_ceil(start) - start;
	uint8_t *p = view_address(v, page_floor(start), &run);
	struct range page = { (uintptr_t)p, (uintptr_t)p + page_size() };
	struct rest rest = { p + (page_size() - length), length, false };
	int err;

	if (length == 0 || !p)
		return 0;
	err = guard_run(look_at_rest, &rest);
	if (!err && rest.zero)
		return 0;
	if (!err)
		err = v->tracker->open(v, page);
	if (!err) {
		err = guard_run(clear_rest, &rest);
		v->tracker->close(v, page);
	}
	if (err && !fence_missed(v, err))
		log_error("%s: its size cannot be changed: the page at the end cannot be had: %e; the disk is full or failing: make room, then "
			  "try again", v->path, err);
	return err;
}

static int grow(struct view *v, uint64_t size)
{
	uint64_t start = page_ceil(v->size), end = page_ceil(size);
	/* Stores behind the end, in its last page, were never part of the file. */
	int err = zero_rest_of_page(v, v->size);

	if (!err && start < end)
		err = put_pages(v, start, end, ZERO_PAGES);
	if (err)
		return err;
	v->zero_end = max_u64(v->zero_end, end);
	v->size = size;
	return 0;
}

static int shrink(struct view *v, uint64_t size)
{
	uint64_t start = page_ceil(size), end = max_u64(page_ceil(v->size), v->zero_end);
	int err = 0;

	/* What is cut off the last page must read as zeros when the file grows again, seen by then or not. */
	if (v->mode != VIEW_ORPHAN)
		err = view_show(v, page_floor(size), size);
	if (!err)
		err = zero_rest_of_page(v, size);
	if (!err && start < end)
		err = put_pages(v, start, end, NO_PAGES);
	if (err)
		return err;
	v->file_end = min_u64(v->file_end, start);
	backing_cut(v, start);
	v->zero_end = start;
	v->cut = min_u64(v->cut, size);
	v->size = size;
	return 0;
}

int view_resize(struct view *v, uint64_t size)
{
	if (size == v->size)
		return 0;
	if (v->shared)
		return memory_resize(v, size);
	return size > v->size ? grow(v, size) : shrink(v, size);
}

int view_revert_size(struct view *v)
{
	uint64_t file_end = page_ceil(v->committed), end = page_ceil(v->size);
	/* Where the file was cut in a page zeros were stored to the rest of it, and a commit that failed may have found that they are no change. */
	uint64_t start = min_u64(v->file_end, page_floor(min_u64(v->cut, v->committed)));
	int err = 0;

	if (v->shared)
		return memory_revert_size(v, reclaim_run);
	for (size_t i = 0; i < v->islands.count && !err; i++)
		err = put_pages(v, v->islands.ranges[i].start, v->islands.ranges[i].end, FILE_PAGES);
	if (!err && start < file_end)
		err = put_pages(v, start, file_end, FILE_PAGES);
	if (!err && file_end < end)
		err = put_pages(v, file_end, end, ZERO_PAGES);
	if (err)
		return err;
	v->file_end = file_end;
	v->islands.count = 0;
	v->zero_end = max_u64(v->zero_end, file_end);
	v->size = v->committed;
	v->cut = UINT64_MAX;
	return 0;
}

int view_drop_kept(struct view *v, struct range at)
{
	uint64_t end;
	int prot, err = 0;

	/* In a shared view, others may look at them. */
	if (v->shared)
		return 0;
	for (uint64_t p = at.start; p < at.end && !err; p = end) {
		bool looked_at = window_count(&v->windows, p, at.end, &end, &prot);
		uint64_t offset = view_offset_at(v, p);
		struct range kept = { max_u64(offset, page_ceil(v->size)), min_u64(offset + (end - p), v->zero_end) };

		if (!looked_at && kept.start < kept.end)
			err = put_pages(v, kept.start, kept.end, NO_PAGES);
	}
	return err;
}
