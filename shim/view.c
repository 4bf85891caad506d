/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See view.h: the list of views, their segments, and where in the address space these go. */
#include "view.h"

#include <string.h>

#include "arena.h"
#include "sys.h"

#define CHUNK ((uint64_t)2 << 20)
#define GENEROUS ((uint64_t)4 << 30)
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

static int note_segment(struct view *v, uintptr_t start, uint64_t length, uint64_t offset)
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

static void note_growth(const struct segment *s)
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
	while (start < end) {
		uint64_t run;

		if (!view_address(v, start, &run))
			return false;
		start += run;
	}
	return true;
}

static uint64_t segment_end(const struct segment *s)
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

static void *map_part(char *start, uint64_t part_start, uint64_t part_end, int flags, int fd)
{
	if (part_start >= part_end)
		return start;
	return sys_mmap(start + part_start, part_end - part_start, PROT_READ, flags | MAP_NORESERVE | MAP_FIXED, fd, 0);
}

/* Maps the file for a segment, and over it the other parts that the view has there already. */
static void *map_file(const struct view *v, uintptr_t at, uint64_t length, int flags, uint64_t offset)
{
	uint64_t end = offset + length, cut_end = min_u64(page_ceil(v->committed), end);
	uint64_t zero_start = max_u64(v->file_end, offset), zero_end = min_u64(v->zero_end, end);
	uint64_t cut_start = max_u64(v->zero_end, offset);
	char *p = sys_mmap((void *)at, length, PROT_READ, MAP_PRIVATE | MAP_NORESERVE | flags, v->fd, offset);
	void *part = p;

	if (sys_is_error(p))
		return p;
	if (zero_start < zero_end)
		part = map_part(p, zero_start - offset, zero_end - offset, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!sys_is_error(part) && cut_start < cut_end)
		part = view_void_fd() < 0 ?
			       map_part(p, cut_start - offset, cut_end - offset, MAP_PRIVATE | MAP_ANONYMOUS, -1) :
			       map_part(p, cut_start - offset, cut_end - offset, MAP_PRIVATE, view_void_fd());
	if (!sys_is_error(part))
		return p;
	sys_munmap(p, length);
	return part;
}

/* Anywhere, but on the border of a chunk, so that chunks of file and of page tables are the same. */
static void *map_aligned(const struct view *v, uint64_t length, uint64_t offset)
{
	char *hold = sys_mmap(NULL, length + CHUNK, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *start, *end;
	void *p;

	if (sys_is_error(hold))
		return hold;
	end = hold + length + CHUNK;
	start = (char *)round_up((uintptr_t)hold, CHUNK) + offset % CHUNK;
	if (start - hold >= (int64_t)CHUNK)
		start -= CHUNK;
	p = map_file(v, (uintptr_t)start, length, MAP_FIXED, offset);
	if (sys_is_error(p)) {
		sys_munmap(hold, length + CHUNK);
		return p;
	}
	if (start > hold)
		sys_munmap(hold, (size_t)(start - hold));
	sys_munmap(start + length, (size_t)(end - start) - length);
	return p;
}

/* Where, from an offset that no segment shows, the next segment begins. */
static uint64_t gap_end(const struct view *v, uint64_t offset)
{
	uint64_t end = UINT64_MAX;

	for (unsigned i = 0; i < v->segment_count; i++) {
		if (v->segments[i].offset > offset)
			end = min_u64(end, v->segments[i].offset);
	}
	return end;
}

static int new_segment(struct view *v, uint64_t lo, uint64_t hi, uintptr_t want, int flags)
{
	uint64_t offset = v->segment_count || want ? lo : 0;
	uint64_t exact = hi - offset, room = gap_end(v, offset) - offset;
	uint64_t lengths[3] = { round_up(2 * exact + GENEROUS, CHUNK), round_up(exact + exact / 8, CHUNK), exact };
	void *p = (void *)-ENOMEM;

	if (flags & MAP_FIXED) {
		p = map_file(v, want, exact, MAP_FIXED, lo);
		return sys_is_error(p) ? sys_error_of(p) : note_segment(v, want, exact, lo);
	}
	/* Who names an address has plans for what comes after it: no more than was asked for. */
	if (want) {
		p = map_file(v, want, exact, MAP_FIXED_NOREPLACE, offset);
		if (!sys_is_error(p))
			return note_segment(v, (uintptr_t)p, exact, offset);
	}
	if (flags & MAP_FIXED_NOREPLACE)
		return sys_error_of(p);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t length = min_u64(lengths[i], room);

		p = map_aligned(v, length, offset);
		if (!sys_is_error(p))
			return note_segment(v, (uintptr_t)p, length, offset);
	}
	return sys_error_of(p);
}

static int grow_segment(struct view *v, struct segment *s, uint64_t hi)
{
	uint64_t offset = segment_end(s), more = min_u64(round_up(hi - offset, CHUNK), gap_end(v, s->offset) - offset);
	void *p = map_file(v, s->at.end, more, MAP_FIXED_NOREPLACE, offset);

	if (sys_is_error(p)) {
		more = hi - offset;
		p = map_file(v, s->at.end, more, MAP_FIXED_NOREPLACE, offset);
	}
	if (sys_is_error(p))
		return -ENOMEM;
	s->at.end += more;
	note_growth(s);
	return 0;
}

/* A segment that ends where the gap begins grows; otherwise there is a new one, for the whole gap if it has an end. */
static int fill_gap(struct view *v, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < v->segment_count; i++) {
		if (segment_end(&v->segments[i]) == start && !grow_segment(v, &v->segments[i], end))
			return 0;
	}
	return new_segment(v, start, end, 0, 0);
}

int view_show(struct view *v, uint64_t start, uint64_t end)
{
	int err = 0;

	for (uint64_t at = page_floor(start); at < end && !err;) {
		uint64_t run;

		if (view_address(v, at, &run))
			at += run;
		else
			err = fill_gap(v, at, min_u64(gap_end(v, at), page_ceil(end)));
	}
	return err;
}

int view_place(struct view *v, uint64_t offset, uint64_t length, uintptr_t want, int flags,
	       uintptr_t *at)
{
	uint64_t hi = page_ceil(offset + length);
	bool demanded = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	struct segment *holder = NULL;
	unsigned meeting = 0;
	int err;

	for (unsigned i = 0; i < v->segment_count; i++) {
		struct segment *s = &v->segments[i];

		if (range_is_empty(segment_range(s, offset, hi)))
			continue;
		meeting++;
		if (s->offset <= offset)
			holder = s;
	}
	if (meeting == 0) {
		err = new_segment(v, offset, hi, want, flags);
		if (err)
			return err;
		holder = &v->segments[v->segment_count - 1];
	} else if (meeting > 1 || !holder) {
		return -ENOTSUP;
	}
	*at = holder->at.start + (offset - holder->offset);
	if (demanded && *at != want)
		return -ENOTSUP;
	return segment_end(holder) < hi ? grow_segment(v, holder, hi) : 0;
}

bool view_size_changed(const struct view *v)
{
	return v->size != v->committed || v->cut < v->committed;
}
