/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See backing.h. */
#include "backing.h"

#include "sys.h"
#include "tracker.h"

#define STAY_MOST 256     /* pages of one step that become islands, */
#define APART_MOST 16     /* in so many pieces: each costs two memory areas; */
#define ISLANDS_MOST 4096 /* and pages of all steps */

int backing_find(const struct segment *s, const struct range_list *ranges, struct range at, struct range_list *found)
{
	struct range file = { view_offset(s, at.start), view_offset(s, at.end) };
	int err = 0;

	for (size_t i = range_list_first(ranges, file.start); !err && i < ranges->count && ranges->ranges[i].start < file.end; i++)
		err = range_list_add(found, range_intersect(segment_range(s, ranges->ranges[i].start, ranges->ranges[i].end), at));
	return err;
}

void backing_cut(struct view *v, uint64_t size)
{
	struct range_list *l = &v->islands;

	while (l->count && l->ranges[l->count - 1].start >= size)
		l->count--;
	if (l->count)
		l->ranges[l->count - 1].end = min_u64(l->ranges[l->count - 1].end, size);
}

static int stay(void *arg, struct view *v, const struct segment *s, struct range at)
{
	return range_list_add(arg, at);
}

static int map_file(struct view *v, const struct segment *s, struct range at)
{
	void *p = range_is_empty(at) ? NULL : sys_mmap((void *)at.start, at.end - at.start, PROT_READ, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED,
						       v->fd, view_offset(s, at.start));

	return p && sys_is_error(p) ? sys_error_of(p) : 0;
}

/* Wherever it ends, file_end is right. */
static void replace(struct view *v, const struct segment *s, struct range at, const struct range_list *staying)
{
	uint64_t may_stay = min_u64(STAY_MOST, ISLANDS_MOST - range_list_length(&v->islands) / page_size());

	for (size_t i = 0; i <= staying->count; i++) {
		struct range stays = i < staying->count ? staying->ranges[i] : (struct range){ at.end, at.end };
		uint64_t pages = (stays.end - stays.start) / page_size();

		if (map_file(v, s, (struct range){ at.start, stays.start }))
			return;
		v->file_end = view_offset(s, stays.start);
		if (pages > may_stay || i == APART_MOST || range_list_add(&v->islands, (struct range){ v->file_end, view_offset(s, stays.end) }))
			return;
		v->file_end = view_offset(s, stays.end);
		may_stay -= pages;
		at.start = stays.end;
	}
}

/* Memory that the program has locked stays. */
static bool may_go(struct range at)
{
	return !sys_madvise((void *)at.start, at.end - at.start, MADV_COLD);
}

/* A file of huge pages can only be mapped in whole ones. */
static bool has_huge_pages(const struct view *v)
{
	struct stat st;

	return sys_fstat(v->fd, &st) || st.st_blksize >= 1 << 20;
}

static bool step_in(struct view *v, struct segment *s, struct range at, const struct range_list *now)
{
	struct range_list staying = { NULL, 0, 0 };
	uint64_t before = v->file_end;
	int err = backing_find(s, now, at, &staying);

	if (err || !may_go(at)) {
		range_list_free(&staying);
		return false;
	}
	lock_take_blocked(&window_lock);
	err = v->tracker->hold(v, s, at, stay, &staying);
	range_list_normalize(&staying);
	if (!err)
		replace(v, s, at, &staying);
	if (v->file_end > before && v->tracker->rest)
		v->tracker->rest(v, s, segment_range(s, before, v->file_end));
	if (v->tracker->let_go)
		v->tracker->let_go(v, at);
	lock_release_blocked(&window_lock);
	range_list_free(&staying);
	return v->file_end > before;
}

bool backing_step(struct view *v, uint64_t bytes, const struct range_list *now)
{
	uint64_t end = page_floor(min_u64(v->committed, v->size)), stop = end;
	uint64_t goal = round_up(v->file_end + 1, BACKING_STEP) + bytes - BACKING_STEP;

	if (v->file_end >= end || v->shared || !v->tracker->hold || has_huge_pages(v))
		return false;
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct segment *s = &v->segments[i];

		if (s->offset <= v->file_end && v->file_end < segment_end(s)) {
			stop = min_u64(min_u64(end, segment_end(s)), goal);
			return step_in(v, s, segment_range(s, v->file_end, stop), now);
		}
		if (s->offset > v->file_end)
			stop = min_u64(stop, s->offset);
	}
	/* What no segment shows is nowhere in memory. */
	v->file_end = stop;
	return true;
}
