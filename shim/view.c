/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See view.h: the list of views, and their segments. */
#include "view.h"

#include <string.h>

#include "arena.h"
#include "aside.h"
#include "sys.h"

#define BUCKETS 4096

struct lock session_lock = LOCK_INIT;
struct lock window_lock = LOCK_INIT;

struct view *view_list;
unsigned view_count;
bool view_some_went, view_ever, view_aside_ever;
static int void_fd = -1;

static struct view *buckets[BUCKETS]; /* by the file */
static uint32_t removals;             /* who found nothing while this changed has lost its way, and looks again */
static struct view *spare;            /* gone ones, by memory.at, to become others */

static struct view **bucket_of(dev_t dev, ino_t ino)
{
	return &buckets[(dev * 31 + ino) % BUCKETS];
}

static struct view *walk(dev_t dev, ino_t ino)
{
	struct view *v = __atomic_load_n(bucket_of(dev, ino), __ATOMIC_ACQUIRE);

	while (v && (v->dev != dev || v->ino != ino))
		v = __atomic_load_n(&v->chain, __ATOMIC_ACQUIRE);
	return v;
}

struct view *view_find(dev_t dev, ino_t ino)
{
	return walk(dev, ino);
}

/* What this thread has in hand, of all views. */
static __thread int in_hand __attribute__((tls_model("initial-exec")));

void view_hold(struct view *v)
{
	__atomic_add_fetch(&v->hands, 1, __ATOMIC_SEQ_CST);
}

void view_is_handed(void)
{
	in_hand++;
}

void view_put(struct view *v)
{
	if (!v)
		return;
	in_hand--;
	__atomic_sub_fetch(&v->hands, 1, __ATOMIC_SEQ_CST);
}

/* False, and not in hand, when it is gone. */
static bool take(struct view *v)
{
	in_hand++;
	if (__atomic_add_fetch(&v->hands, 1, __ATOMIC_SEQ_CST) & VIEW_GONE) {
		view_put(v);
		sys_call(SYS_sched_yield);
		return false;
	}
	if (!v->used)
		v->used = true;
	return true;
}

struct view *view_get(dev_t dev, ino_t ino)
{
	for (;;) {
		uint32_t before = __atomic_load_n(&removals, __ATOMIC_ACQUIRE);
		struct view *v = walk(dev, ino);

		if (!v && before == __atomic_load_n(&removals, __ATOMIC_ACQUIRE))
			return NULL;
		if (v && take(v)) {
			if (v->dev == dev && v->ino == ino)
				return v;
			view_put(v);
		}
	}
}

bool view_exists(dev_t dev, ino_t ino)
{
	IN_HAND struct view *v = view_get(dev, ino);

	return v != NULL;
}

static struct view *new_one(void)
{
	struct view *v = spare;

	if (!v) {
		v = arena_alloc(sizeof *v);
		if (v)
			v->hands = VIEW_GONE;
		return v;
	}
	spare = (struct view *)v->memory.at;
	memset(&v->used, 0, sizeof *v - offsetof(struct view, used));
	return v;
}

static void publish(struct view *v)
{
	struct view **bucket = bucket_of(v->dev, v->ino);

	v->next = view_list;
	__atomic_store_n(&view_list, v, __ATOMIC_RELEASE);
	__atomic_store_n(&v->chain, *bucket, __ATOMIC_RELEASE);
	__atomic_store_n(bucket, v, __ATOMIC_RELEASE);
	__atomic_sub_fetch(&v->hands, VIEW_GONE, __ATOMIC_SEQ_CST);
	view_count++;
	__atomic_store_n(&view_ever, true, __ATOMIC_RELEASE);
}

struct view *view_create(int fd, const char *path, const struct stat *st, enum view_mode mode)
{
	char *copy = arena_strdup(path);
	struct view *v = copy ? new_one() : NULL;

	if (!v) {
		if (copy)
			arena_free(copy, strlen(copy) + 1);
		return NULL;
	}
	v->path = copy;
	v->used = true;
	v->dev = st->st_dev;
	v->ino = st->st_ino;
	v->mode = mode;
	v->fd = fd;
	v->size = (uint64_t)st->st_size;
	v->committed = v->size;
	v->largest = INT64_MAX;
	v->cut = UINT64_MAX;
	v->file_end = page_ceil(v->size);
	v->zero_end = v->file_end;
	v->journal.fd = -1;
	v->memory.fd = -1;
	publish(v);
	return v;
}

bool view_keeps_file(const struct view *v)
{
	/* One for reading has the whole of it mapped, and what lies behind its end; of another one that may have been cut away. */
	return v->fd >= 0 || v->home || (v->segment_count && !v->shared && (v->mode == VIEW_READING || v->file_end));
}

bool view_remove(struct view *v)
{
	uint32_t nobody = 0;
	struct view **at = &view_list;

	if (!__atomic_compare_exchange_n(&v->hands, &nobody, VIEW_GONE, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return false;
	while (*at != v)
		at = &(*at)->next;
	__atomic_store_n(at, v->next, __ATOMIC_RELEASE);
	at = bucket_of(v->dev, v->ino);
	while (*at != v)
		at = &(*at)->chain;
	__atomic_store_n(at, v->chain, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < v->segment_count; i++)
		addresses_remove(v->segments[i].at.start);
	__atomic_add_fetch(&removals, 1, __ATOMIC_SEQ_CST);
	view_count--;
	view_some_went = true;
	return true;
}

void view_free(struct view *v)
{
	v->memory.at = (uint8_t *)spare;
	spare = v;
}

struct view *view_get_first_in(struct range at, struct range *inside)
{
	for (;;) {
		uint32_t seen;
		struct view *v = addresses_first_in(at, inside, &seen);

		if (!v)
			return NULL;
		if (take(v)) {
			if (!addresses_changed(seen))
				return v;
			view_put(v);
		}
	}
}

struct view *view_get_at(uintptr_t at)
{
	struct range inside;

	return view_get_first_in((struct range){ at, at + 1 }, &inside);
}

int view_note_segment(struct view *v, uintptr_t start, uint64_t length, uint64_t offset)
{
	struct segment *s = &v->segments[v->segment_count];
	int err;

	if (v->segment_count == VIEW_SEGMENTS)
		return -ENFILE;
	s->at = (struct range){ start, start + length };
	s->offset = offset;
	v->segment_count++;
	err = addresses_add(s->at, v);
	v->segment_count -= err != 0;
	return err;
}

void view_note_growth(const struct segment *s)
{
	addresses_grow(s->at.start, s->at.end);
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
	/* The other hands were those of threads that are the parent's. */
	for (struct view *v = view_first(); v && !in_hand; v = v->next)
		v->hands = 0;
}

struct segment *view_segment_at(struct view *v, uint64_t at)
{
	for (unsigned i = 0; i < v->segment_count; i++) {
		if (at >= v->segments[i].at.start && at < v->segments[i].at.end)
			return &v->segments[i];
	}
	return NULL;
}

/* A fault handler may be reading the table that is replaced. */
int view_reserve_windows(struct view *v, size_t more)
{
	int err;

	lock_take(&window_lock);
	err = window_reserve(&v->windows, more);
	lock_release(&window_lock);
	return err;
}

bool view_reaches(const struct view *v, uint64_t at, uint64_t *end)
{
	const struct segment *s = v->partial ? view_segment_at((struct view *)v, at) : NULL;
	uint64_t page, last, first, stop;

	if (!s)
		return true;
	page = (at - s->at.start) / page_size();
	last = (min_u64(*end, s->at.end) - s->at.start) / page_size();
	if (!open_pages_next(&v->reach[s - v->segments], page, last, &first, &stop))
		return false;
	*end = s->at.start + (first == page ? stop : first) * page_size();
	return first == page;
}

uint64_t view_reaches_from(const struct view *v, uint64_t at, uint64_t start)
{
	const struct segment *s = v->partial ? view_segment_at((struct view *)v, at) : NULL;
	uint64_t first;

	if (!s)
		return start;
	first = open_pages_start(&v->reach[s - v->segments], (at - s->at.start) / page_size(), (start - s->at.start) / page_size());
	return s->at.start + first * page_size();
}

bool view_is_aside(const struct view *v)
{
	return v->aside && v->mode == VIEW_WRITING && aside_is(v->path);
}

bool view_size_changed(const struct view *v)
{
	return v->size != v->committed || v->cut < v->committed;
}
