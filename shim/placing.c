/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See placing.h. */
#include "placing.h"

#include "sys.h"

#define CHUNK ((uint64_t)2 << 20)
#define GENEROUS ((uint64_t)4 << 30)

static void *map_part(char *start, uint64_t part_start, uint64_t part_end, int flags, int fd)
{
	void *p;

	if (part_start >= part_end)
		return start;
	p = sys_mmap(start + part_start, part_end - part_start, PROT_READ, flags | MAP_NORESERVE | MAP_FIXED, fd, 0);
	/* As in resize.c: a store takes, and dirties, one page, not 512. */
	if (fd < 0 && !sys_is_error(p))
		sys_madvise(p, part_end - part_start, MADV_NOHUGEPAGE);
	return p;
}

/* Maps the file for a segment, and over it the other parts that the view has there already. */
static void *map_private(const struct view *v, uintptr_t at, uint64_t length, int flags, uint64_t offset)
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

static void *map_file(const struct view *v, uintptr_t at, uint64_t length, int flags, uint64_t offset)
{
	if (v->shared)
		return sys_mmap((void *)at, length, v->partial ? PROT_NONE : PROT_READ, MAP_SHARED | MAP_NORESERVE | flags, v->memory.fd, offset);
	return map_private(v, at, length, flags, offset);
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

/* How far a segment may go.  Those of a shared view may overlap. */
static uint64_t room_behind(const struct view *v, uint64_t offset)
{
	return v->shared ? UINT64_MAX : gap_end(v, offset);
}

/* What cannot be noted is not there. */
static int note(struct view *v, void *p, uint64_t length, uint64_t offset)
{
	int err = view_note_segment(v, (uintptr_t)p, length, offset);

	if (err)
		sys_munmap(p, length);
	return err;
}

static int new_segment(struct view *v, uint64_t lo, uint64_t hi, uintptr_t want, int flags)
{
	uint64_t offset = v->segment_count || want ? lo : 0;
	uint64_t exact = hi - offset, room = room_behind(v, offset) - offset;
	uint64_t lengths[3] = { round_up(2 * exact + GENEROUS, CHUNK), round_up(exact + exact / 8, CHUNK), exact };
	void *p = (void *)-ENOMEM;

	if (flags & MAP_FIXED) {
		p = map_file(v, want, exact, MAP_FIXED, lo);
		return sys_is_error(p) ? sys_error_of(p) : view_note_segment(v, want, exact, lo);
	}
	/* Who names an address has plans for what comes after it: no more than was asked for. */
	if (want) {
		p = map_file(v, want, exact, MAP_FIXED_NOREPLACE, offset);
		if (!sys_is_error(p))
			return note(v, p, exact, offset);
	}
	if (flags & MAP_FIXED_NOREPLACE)
		return sys_error_of(p);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t length = min_u64(lengths[i], room);

		p = map_aligned(v, length, offset);
		if (!sys_is_error(p))
			return note(v, p, length, offset);
	}
	return sys_error_of(p);
}

static int grow_segment(struct view *v, struct segment *s, uint64_t hi)
{
	uint64_t offset = segment_end(s), more = min_u64(round_up(hi - offset, CHUNK), room_behind(v, s->offset) - offset);
	void *p = map_file(v, s->at.end, more, MAP_FIXED_NOREPLACE, offset);

	if (sys_is_error(p)) {
		more = hi - offset;
		p = map_file(v, s->at.end, more, MAP_FIXED_NOREPLACE, offset);
	}
	if (sys_is_error(p))
		return -ENOMEM;
	s->at.end += more;
	view_note_growth(s);
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

/* Somewhere else is as good as anywhere, and a second address is a second segment. */
static int place_shared(struct view *v, uint64_t offset, uint64_t hi, uintptr_t want, int flags, uintptr_t *at)
{
	bool demanded = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	int err;

	for (unsigned i = 0; i < v->segment_count; i++) {
		struct segment *s = &v->segments[i];

		*at = s->at.start + (offset - s->offset);
		if (offset < s->offset || offset >= segment_end(s) || (demanded && *at != want))
			continue;
		if (hi <= segment_end(s) || !grow_segment(v, s, hi))
			return 0;
	}
	if (demanded && view_overlaps(want, hi - offset))
		return -ENOTSUP;
	err = new_segment(v, offset, hi, want, flags);
	if (!err)
		*at = v->segments[v->segment_count - 1].at.start + (offset - v->segments[v->segment_count - 1].offset);
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

	if (v->shared)
		return place_shared(v, offset, hi, want, flags, at);
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
