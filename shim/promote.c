/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See promote.h. */
#include "promote.h"

#include <string.h>

#include "gate.h"
#include "journal_lock.h"
#include "log.h"
#include "memory.h"
#include "pagemap.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

#define BATCH 64

static int note_dirty(void *arg, struct view *v, const struct segment *s, struct range at)
{
	dirtymap_set(&v->memory.dirty, view_offset(s, at.start), view_offset(s, at.end));
	return 0;
}

static void copy(struct view *v, const struct segment *s, struct range at)
{
	uint64_t offset = view_offset(s, at.start);

	memcpy(v->memory.at + offset, (const void *)at.start, at.end - at.start);
}

/* What the kernel has copied, dirty or not: it may hold more than the file does. */
static void copy_segment(struct view *v, const struct segment *s)
{
	struct range at = segment_range(s, 0, v->zero_end), found[BATCH];

	while (at.start < at.end) {
		uint64_t next;
		int n = pagemap_read_copied(at, found, BATCH, &next);

		/* Nobody can tell: then all of it. */
		if (n < 0) {
			copy(v, s, at);
			return;
		}
		for (int i = 0; i < n; i++)
			copy(v, s, found[i]);
		at.start = next;
	}
}

static int take_pages(struct view *v)
{
	bool settled;
	int err = v->tracker->collect(v, note_dirty, NULL, &settled);

	if (err)
		return err;
	for (unsigned i = 0; i < v->segment_count; i++)
		copy_segment(v, &v->segments[i]);
	if (v->carry_all)
		memory_all_dirty(v);
	for (size_t i = 0; i < v->carried.count; i++)
		dirtymap_set(&v->memory.dirty, v->carried.ranges[i].start, v->carried.ranges[i].end);
	range_list_free(&v->carried);
	v->carry_all = false;
	return 0;
}

void promote_segments(struct view *v)
{
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct segment *s = &v->segments[i];
		void *p;

		tracker->forget(v, s->at);
		p = sys_mmap((void *)s->at.start, s->at.end - s->at.start, PROT_READ,
			     MAP_SHARED | MAP_FIXED | MAP_NORESERVE, v->memory.fd, s->offset);
		s->tracked = 0;
		if (sys_is_error(p)) {
			v->error = sys_error_of(p);
			log_error("%s: its memory cannot be mapped: %e; nothing of it will be committed any more", v->path,
				  v->error);
		}
	}
	v->tracker = &tracker_shared;
	for (unsigned i = 0; i < v->segment_count; i++)
		v->tracker->protect(v, v->segments[i].at);
}

static void publish(struct view *v, struct shared_file *f)
{
	if (v->mode == VIEW_WRITING)
		journal_share_lock(v->journal.fd);
	f->dev = v->dev;
	f->ino = v->ino;
	shared_push(v);
	shared_tell(v);
	shared_session()->file_count++;
}

int promote(struct view *v)
{
	uint32_t file = shared_session()->file_count;
	int err = file == SHARED_FILES ? -ENFILE : memory_create(v, file);

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
