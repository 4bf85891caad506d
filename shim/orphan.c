/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See orphan.h. */
#include "orphan.h"

#include "guard.h"
#include "loading.h"
#include "log.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

/*
 * What is not loaded comes from the file: an orphan is no participant any more, and loads nothing into the memory of the others, who
 * may take that back, or store to it, at any moment.
 */
static int copy_content(const struct view *v, uint64_t at, uint64_t end, uint8_t *to, bool all_from_file)
{
	uint64_t run;
	int err = 0;

	for (; at < end && !err; to += run - at, at = run) {
		bool loaded = false;

		run = all_from_file ? end : loading_run(v, at, end, &loaded);
		err = guard_copy(to, (loaded ? v->memory.at : v->memory.source) + at, run - at);
		if (!err && loaded && !loading_has(v, at, run))
			run = at; /* it left meanwhile */
	}
	return err;
}

static int copy_for_orphan(struct view *v, const struct segment *s, struct range there, bool all_from_file)
{
	uint64_t length = there.end - there.start, offset = view_offset(s, there.start);
	int err = length > loading_limit() ? -ENOMEM : 0;
	void *p = err ? NULL : sys_mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (err || sys_is_error(p))
		return err ? err : sys_error_of(p);
	err = copy_content(v, offset, offset + length, p, all_from_file && v->memory.source);
	if (err) {
		sys_munmap(p, length);
		return err;
	}
	p = sys_mremap(p, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)there.start);
	return sys_is_error(p) ? sys_error_of(p) : 0;
}

int orphan_make(struct view *v, bool all_from_file)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count; i++) {
		struct segment *s = &v->segments[i];
		struct range there = segment_range(s, 0, v->zero_end);
		int failed = range_is_empty(there) ? 0 : copy_for_orphan(v, s, there, all_from_file);

		/* Its parent's memory is not its own to store to. */
		if (failed)
			sys_mprotect((void *)s->at.start, s->at.end - s->at.start, PROT_NONE);
		err = err ? err : failed;
	}
	if (err)
		log_error("%s: inherited over fork, and too large to be copied: %e; this child cannot touch it", v->path, err);
	v->partial = false;
	v->memory.loads.words = NULL;
	shared_hide(v);
	v->shared = 0;
	v->tracker = tracker;
	return err;
}
