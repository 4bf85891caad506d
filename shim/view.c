/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See view.h: the list of views, their segments, and who is at an address. */
#include "view.h"

#include <string.h>

#include "arena.h"
#include "sys.h"

#define ADDRESSES 4096

struct lock session_lock = LOCK_INIT;
struct lock window_lock = LOCK_INIT;

struct view *view_list;
struct range view_bounds = { UINT64_MAX, 0 };
static int void_fd = -1;

/* What view_at() reads: entries are only ever added, `end` last, and later grow. */
static struct {
	uintptr_t start;
	uintptr_t end;
	struct view *view;
} addresses[ADDRESSES];
static unsigned address_count;

struct view *view_find(dev_t dev, ino_t ino)
{
	struct view *v = view_first();

	while (v && (v->dev != dev || v->ino != ino))
		v = v->next;
	return v;
}

struct view *view_create(int fd, const char *path, const struct stat *st, enum view_mode mode)
{
	struct view *v = arena_alloc(sizeof *v);

	if (!v)
		return NULL;
	v->path = arena_strdup(path);
	if (!v->path) {
		arena_free(v, sizeof *v);
		return NULL;
	}
	v->dev = st->st_dev;
	v->ino = st->st_ino;
	v->mode = mode;
	v->fd = fd;
	v->size = (uint64_t)st->st_size;
	v->committed = v->size;
	v->cut = UINT64_MAX;
	v->file_end = page_ceil(v->size);
	v->zero_end = v->file_end;
	v->journal.fd = -1;
	v->memory.fd = -1;
	v->next = view_list;
	__atomic_store_n(&view_list, v, __ATOMIC_RELEASE);
	return v;
}

struct view *view_at(uintptr_t at)
{
	unsigned n = __atomic_load_n(&address_count, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < n; i++) {
		if (at >= addresses[i].start &&
		    at < __atomic_load_n(&addresses[i].end, __ATOMIC_ACQUIRE))
			return addresses[i].view;
	}
	return NULL;
}

struct view *view_first_in(struct range at, struct range *inside)
{
	unsigned n = __atomic_load_n(&address_count, __ATOMIC_ACQUIRE);
	struct view *first = NULL;

	for (unsigned i = 0; i < n; i++) {
		struct range known = { addresses[i].start,
				       __atomic_load_n(&addresses[i].end, __ATOMIC_ACQUIRE) };
		struct range hit = range_intersect(at, known);

		if (!range_is_empty(hit) && (!first || hit.start < inside->start)) {
			first = addresses[i].view;
			*inside = hit;
		}
	}
	return first;
}

bool view_really_overlaps(uintptr_t at, size_t length)
{
	struct range inside;

	return view_first_in((struct range){ at, at + length }, &inside) != NULL;
}

/* Before the addresses are in the table, so that nobody is told too soon that there is nothing. */
static void widen_bounds(uintptr_t start, uintptr_t end)
{
	if (start < view_bounds.start)
		__atomic_store_n(&view_bounds.start, start, __ATOMIC_RELEASE);
	if (end > view_bounds.end)
		__atomic_store_n(&view_bounds.end, end, __ATOMIC_RELEASE);
}

int view_note_segment(struct view *v, uintptr_t start, uint64_t length, uint64_t offset)
{
	struct segment *s = &v->segments[v->segment_count];

	if (v->segment_count == VIEW_SEGMENTS || address_count == ADDRESSES)
		return -ENFILE;
	widen_bounds(start, start + length);
	s->at = (struct range){ start, start + length };
	s->offset = offset;
	v->segment_count++;
	addresses[address_count].start = start;
	addresses[address_count].end = start + length;
	addresses[address_count].view = v;
	__atomic_store_n(&address_count, address_count + 1, __ATOMIC_RELEASE);
	return 0;
}

void view_note_growth(const struct segment *s)
{
	widen_bounds(s->at.start, s->at.end);
	for (unsigned i = 0; i < address_count; i++) {
		if (addresses[i].start == s->at.start)
			__atomic_store_n(&addresses[i].end, s->at.end, __ATOMIC_RELEASE);
	}
}

uint64_t view_offset(const struct segment *s, uint64_t at)
{
	return s->offset + (at - s->at.start);
}

uint64_t view_offset_at(const struct view *v, uint64_t at)
{
	unsigned i = 0;

	while (i + 1 < v->segment_count && (at < v->segments[i].at.start || at >= v->segments[i].at.end))
		i++;
	return view_offset(&v->segments[i], at);
}

bool view_shows(const struct view *v, uint64_t start, uint64_t end)
{
	if (v->shared)
		return end <= v->memory.room;
	while (start < end) {
		uint64_t run;

		if (!view_address(v, start, &run))
			return false;
		start += run;
	}
	return true;
}

uint64_t segment_end(const struct segment *s)
{
	return view_offset(s, s->at.end);
}

struct range segment_range(const struct segment *s, uint64_t start, uint64_t end)
{
	struct range r = range_intersect((struct range){ start, end },
					 (struct range){ s->offset, segment_end(s) });

	if (range_is_empty(r))
		return (struct range){ 0, 0 };
	return (struct range){ s->at.start + (r.start - s->offset), s->at.start + (r.end - s->offset) };
}

uint8_t *view_address(const struct view *v, uint64_t offset, uint64_t *run)
{
	if (v->shared) {
		*run = v->memory.room - min_u64(offset, v->memory.room);
		return *run ? v->memory.at + offset : NULL;
	}
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct range at = segment_range(&v->segments[i], offset, UINT64_MAX);

		if (range_is_empty(at) || view_offset(&v->segments[i], at.start) != offset)
			continue;
		*run = at.end - at.start;
		return (uint8_t *)at.start;
	}
	return NULL;
}

int view_void_fd(void)
{
	if (void_fd < 0)
		void_fd = (int)sys_call(SYS_memfd_create, "bigfile-void", MFD_CLOEXEC);
	return void_fd;
}

void view_after_fork(void)
{
	void_fd = -1;
}

bool view_size_changed(const struct view *v)
{
	return v->size != v->committed || v->cut < v->committed;
}
