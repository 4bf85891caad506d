/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See promote.h. */
#include "promote.h"

#include "gate.h"
#include "held.h"
#include "holding.h"
#include "journal_lock.h"
#include "loading.h"
#include "log.h"
#include "memory.h"
#include "reach.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

static int note_dirty(void *arg, struct view *v, const struct segment *s, struct range at)
{
	dirtymap_set(&v->memory.dirty, view_offset(s, at.start), view_offset(s, at.end));
	return 0;
}

/* By the kernel: through our mapping each page would cost a fault and be cleared first, and memory that is not there a signal. */
static int copy(void *arg, struct view *v, const struct segment *s, struct range at)
{
	uint64_t offset = view_offset(s, at.start);
	int err = loading_bring(v, offset, offset + (at.end - at.start));

	return err ? err : sys_pwrite_all(v->memory.fd, (const void *)at.start, at.end - at.start, offset);
}

static int take_pages(struct view *v)
{
	int err = v->tracker->collect(v, note_dirty, NULL);

	/* What the kernel has copied, dirty or not: it may hold more than the file does. */
	for (unsigned i = 0; i < v->segment_count && !err; i++)
		err = tracker_each_copied(v, &v->segments[i], segment_range(&v->segments[i], 0, v->zero_end), copy, NULL);
	if (err)
		return err;
	if (v->carry_all)
		memory_all_dirty(v);
	for (size_t i = 0; i < v->carried.count; i++)
		dirtymap_set(&v->memory.dirty, v->carried.ranges[i].start, v->carried.ranges[i].end);
	range_list_free(&v->carried);
	v->carry_all = false;
	return 0;
}

static void map_part(struct view *v, const struct segment *s, struct range at, int prot)
{
	void *p = range_is_empty(at) ? NULL : sys_mmap((void *)at.start, at.end - at.start, prot, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
						       v->memory.fd, view_offset(s, at.start));

	if (!p || !sys_is_error(p))
		return;
	v->error = sys_error_of(p);
	log_error("%s: its memory cannot be mapped: %e; nothing of it will be committed any more", v->path, v->error);
}

/* From here on the fault handler may be asked for any page of the segment.  A system call that reads from it goes on, and must not notice. */
static void map_memory(struct view *v, struct segment *s)
{
	struct range rest = s->at;

	s->tracked = 0;
	while (!range_is_empty(rest)) {
		struct range hold = { rest.end, rest.end };

		if (v->partial)
			hold = held_first(rest);
		map_part(v, s, (struct range){ rest.start, hold.start }, v->partial ? PROT_NONE : PROT_READ);
		map_part(v, s, hold, holding_keep(v, s, hold) ? PROT_NONE : PROT_READ);
		rest.start = hold.end;
	}
}

void promote_segments(struct view *v)
{
	struct range absent;
	int err = 0;

	for (unsigned i = 0; i < v->segment_count; i++)
		tracker->forget(v, v->segments[i].at);
	lock_take(&window_lock);
	while (!err && holding_lacks(v, &absent)) {
		lock_release(&window_lock);
		err = loading_bring(v, absent.start, absent.end);
		lock_take(&window_lock);
	}
	reach_begin(v);
	for (unsigned i = 0; i < v->segment_count; i++)
		map_memory(v, &v->segments[i]);
	lock_release(&window_lock);
	v->tracker = &tracker_shared;
	for (unsigned i = 0; i < v->segment_count; i++)
		v->tracker->protect(v, v->segments[i].at);
}

static void publish(struct view *v, struct shared_file *f)
{
	if (v->mode == VIEW_WRITING)
		journal_share_lock(v->journal.fd);
	v->shared_use = ++f->use;
	f->unsettled = 1;
	f->dev = v->dev;
	f->ino = v->ino;
	shared_push(v);
	shared_tell(v);
	shared_show(v);
	__atomic_store_n(&f->in_use, 1, __ATOMIC_SEQ_CST);
}

int promote(struct view *v)
{
	int file = shared_find_file(shared_session()), err = file < 0 ? file : memory_create(v, (unsigned)file);

	if (err) {
		log_warn_once("%s: cannot be shared between processes: %e", v->path, err);
		return err;
	}
	lock_take(&window_lock);
	gate_close();
	lock_release(&window_lock);
	err = v->tracker->freeze(v);
	if (!err)
		err = take_pages(v);
	if (!err) {
		promote_segments(v);
		range_list_free(&v->islands);
		publish(v, shared_file_of(v));
	} else {
		v->tracker->thaw(v);
		v->carry_all = true;
		memory_drop(v);
		log_error("%s: cannot be shared between processes: %e", v->path, err);
	}
	gate_open();
	return err;
}
