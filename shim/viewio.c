/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See viewio.h. */
#include "viewio.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "engine.h"
#include "guard.h"
#include "loading.h"
#include "memory.h"
#include "placing.h"
#include "resize.h"
#include "session_lock.h"
#include "sys.h"
#include "tracker.h"

#define MOVE_SIZE ((uint64_t)1 << 20)

struct showing {
	struct view *view;
	struct range range; /* of the file */
};

int viewio_reach(struct view *v, uint64_t start, uint64_t end)
{
	return v->shared ? memory_reach(v, end) : view_show(v, start, end);
}

static int show_job(void *arg)
{
	struct showing *s = arg;

	return viewio_reach(s->view, s->range.start, s->range.end);
}

int viewio_lock(struct view *v, uint64_t start, uint64_t end)
{
	struct showing s = { v, { start, end } };

	for (;;) {
		int err;

		session_lock_take();
		if (view_shows(v, page_floor(start), end))
			return 0;
		session_lock_release();
		err = v->mode == VIEW_ORPHAN ? -EIO : engine_run(show_job, &s);
		if (err)
			return err;
	}
}

struct copy {
	void *to;
	const void *from; /* NULL: zeros */
	uint64_t length;
};

static void copy_now(void *arg)
{
	const struct copy *c = arg;

	if (c->from)
		memcpy(c->to, c->from, c->length);
	else
		memset(c->to, 0, c->length);
}

/* One of the two sides is the program's buffer, which may be anything. */
static int copy(void *to, const void *from, uint64_t length)
{
	struct copy c = { to, from, length };

	return guard_run(copy_now, &c) ? -EFAULT : 0;
}

int viewio_read(struct view *v, uint64_t offset, void *to, uint64_t length)
{
	uint8_t *p = to;
	int err = 0;

	while (length > 0 && !err) {
		uint64_t run;
		const uint8_t *from = view_address(v, offset, &run);

		run = min_u64(run, length);
		err = loading_bring(v, offset, offset + run);
		if (!err)
			err = copy(p, from, run);
		p += run;
		offset += run;
		length -= run;
	}
	return err;
}

int viewio_write(struct view *v, uint64_t offset, const void *from, uint64_t length)
{
	const uint8_t *p = from;
	int err = 0;

	while (length > 0 && !err) {
		uint64_t run;
		uint8_t *to = view_address(v, offset, &run);
		struct range pages;

		run = min_u64(run, length);
		pages = (struct range){ page_floor((uintptr_t)to), page_ceil((uintptr_t)to + run) };
		err = loading_bring(v, offset, offset + run);
		if (!err)
			err = v->tracker->open(v, pages);
		if (err)
			return err;
		err = copy(to, p, run);
		v->tracker->close(v, pages);
		p += p ? run : 0;
		offset += run;
		length -= run;
	}
	return err;
}

/* One piece, as far as both ends of it lie in one segment each. */
static int64_t move_piece(struct view *v, uint64_t to, uint64_t from, uint64_t length)
{
	uint64_t to_run, from_run;
	uint8_t *target = view_address(v, to, &to_run), *source = view_address(v, from, &from_run);
	struct range pages;
	int err;

	length = min_u64(length, min_u64(to_run, from_run));
	pages = (struct range){ page_floor((uintptr_t)target), page_ceil((uintptr_t)target + length) };
	err = loading_bring(v, from, from + length);
	if (!err)
		err = loading_bring(v, to, to + length);
	if (!err)
		err = v->tracker->open(v, pages);
	if (err)
		return err;
	memmove(target, source, length);
	v->tracker->close(v, pages);
	return (int64_t)length;
}

static int move_down(struct view *v, uint64_t to, uint64_t from, uint64_t length)
{
	while (length > 0) {
		int64_t done = move_piece(v, to, from, min_u64(length, MOVE_SIZE));

		if (done < 0)
			return (int)done;
		to += (uint64_t)done;
		from += (uint64_t)done;
		length -= (uint64_t)done;
	}
	return 0;
}

/* From the end, page by page, so that nothing is overwritten before it was moved. */
static int move_up(struct view *v, uint64_t to, uint64_t from, uint64_t length)
{
	while (length > 0) {
		uint64_t start = page_floor(length - 1);
		int64_t done = move_piece(v, to + start, from + start, length - start);

		if (done < 0)
			return (int)done;
		length = start;
	}
	return 0;
}

int viewio_move(struct view *v, uint64_t to, uint64_t from, uint64_t length)
{
	return to > from ? move_up(v, to, from, length) : move_down(v, to, from, length);
}

int64_t viewio_limit(const struct view *v, int64_t at, int64_t total)
{
	struct rlimit limit;
	uint64_t largest = v->largest;

	if (at + total <= (int64_t)v->size)
		return total;
	if (!getrlimit(RLIMIT_FSIZE, &limit))
		largest = min_u64(largest, limit.rlim_cur);
	if ((uint64_t)at >= largest)
		return -EFBIG;
	return (int64_t)min_u64((uint64_t)total, largest - (uint64_t)at);
}

int64_t viewio_ended(int64_t err, uint64_t end)
{
	struct rlimit limit;

	if (err == -EFBIG && !getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur)
		sys_call(SYS_tgkill, sys_getpid(), sys_gettid(), SIGXFSZ);
	return err;
}

struct resizing {
	struct view *view;
	uint64_t size;
	bool grow_only;
};

static int resize_now(void *arg)
{
	struct resizing *r = arg;
	struct view *v = r->view;
	int err;

	if (r->grow_only && r->size <= v->size)
		return 0;
	if (r->size > v->size &&
	    viewio_limit(v, (int64_t)v->size, (int64_t)(r->size - v->size)) < (int64_t)(r->size - v->size))
		return -EFBIG;
	err = v->shared ? viewio_reach(v, 0, r->size) : 0;
	if (!err)
		err = view_resize(v, r->size);
	if (!err)
		viewio_touch(v);
	return err;
}

static int resize(struct view *v, uint64_t size, bool grow_only)
{
	struct resizing r = { v, size, grow_only };
	int err;

	session_lock_take();
	/* A forked child has no engine, and no empty file to show. */
	if (v->mode == VIEW_ORPHAN ||
	    ((grow_only || size >= v->size) && (!v->shared || size <= v->memory.room))) {
		err = resize_now(&r);
		session_lock_release();
	} else {
		session_lock_release();
		err = engine_run(resize_now, &r);
	}
	return (int)viewio_ended(err, size);
}

int viewio_resize(struct view *v, uint64_t size)
{
	return resize(v, size, false);
}

int viewio_grow(struct view *v, uint64_t size)
{
	return resize(v, size, true);
}

void viewio_touch(struct view *v)
{
	sys_call(SYS_clock_gettime, CLOCK_REALTIME, &v->changed);
	v->times[1].tv_sec = 0;
}
