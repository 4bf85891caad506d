/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Abort: drop the pages that the kernel copied for the transaction; what shows through is the file as
 * last committed.  In a shared view nothing shines through: its dirty pages are copied from the file.  See commit.h.
 */
#include <string.h>
#include <sys/uio.h>

#include "arena.h"
#include "build.h"
#include "commit.h"
#include "fence.h"
#include "log.h"
#include "lost.h"
#include "memory.h"
#include "resize.h"
#include "participants.h"
#include "removal.h"
#include "sys.h"
#include "tracker.h"

#define BATCH 512

struct dropping {
	struct commit_report *report;
	unsigned count;
	struct iovec pages[BATCH];
};

static int drop_each(const struct dropping *d)
{
	int err = 0;

	for (unsigned i = 0; i < d->count && !err; i++) {
		err = sys_madvise(d->pages[i].iov_base, d->pages[i].iov_len, MADV_DONTNEED);
		/* The program has locked it in memory (Linux 5.18). */
		if (err == -EINVAL)
			err = sys_madvise(d->pages[i].iov_base, d->pages[i].iov_len, MADV_DONTNEED_LOCKED);
	}
	return err;
}

/* Scattered pages in one call, with one flush of what the CPUs know of them, where the kernel does that (Linux 6.13). */
static int drop_batch(struct dropping *d)
{
	int64_t length = 0, done = -ENOSYS;
	int self = d->count > 1 ? (int)sys_call(SYS_pidfd_open, sys_getpid(), 0) : -1, err;

	for (unsigned i = 0; i < d->count; i++)
		length += (int64_t)d->pages[i].iov_len;
	if (self >= 0) {
		done = sys_call(SYS_process_madvise, self, d->pages, (size_t)d->count, MADV_DONTNEED, 0);
		sys_close(self);
	}
	err = done == length ? 0 : drop_each(d);
	d->count = 0;
	return err;
}

static int drop(void *arg, struct view *v, const struct segment *s, struct range at)
{
	struct dropping *d = arg;

	d->report->pages += (at.end - at.start) / page_size();
	if (v->shared)
		return memory_reload(v, view_offset(s, at.start), view_offset(s, at.end));
	d->pages[d->count++] = (struct iovec){ (void *)at.start, at.end - at.start };
	return d->count == BATCH ? drop_batch(d) : 0;
}

static int drop_all(struct view *v, struct commit_report *report)
{
	struct dropping *d = arena_alloc(sizeof *d);
	int err = d ? 0 : -ENOMEM;

	if (!err) {
		d->report = report;
		err = v->tracker->collect(v, drop, d);
	}
	if (!err)
		err = build_each_carried(v, drop, d);
	if (!err)
		err = drop_batch(d);
	arena_free(d, sizeof *d);
	return err;
}

static int abort_view(struct view *v, struct commit_report *report)
{
	int err = drop_all(v, report);

	if (!err && (view_size_changed(v) || v->file_end < page_ceil(v->committed) || v->islands.count))
		err = view_revert_size(v);
	if (err) {
		/* Half dropped: the rest is still dirty, the next try finds it. */
		v->carry_all = true;
		if (!fence_explains(v))
			log_error("%s: abort failed: %e; end the program to roll back", v->path, err);
		return err;
	}
	range_list_free(&v->carried);
	v->carry_all = false;
	v->changed.tv_sec = v->times[1].tv_sec = 0;
	return 0;
}

int abort_all(struct commit_report *report)
{
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC);
	int err;

	memset(report, 0, sizeof *report);
	err = shared_session() ? participants_look() : 0;
	if (err && lost_drop())
		err = participants_look();
	if (err)
		return err;
	if (shared_session())
		shared_session()->aborting = 1;
	for (struct view *v = view_first(); v; v = v->next) {
		int failed = 0;

		if (v->mode != VIEW_WRITING)
			continue;
		if (v->error) {
			if (!fence_explains(v))
				log_error("%s: abort failed: the file does not hold the last commit (%e); end the program, "
					  "then bigfile recover", v->path, v->error);
			failed = v->error;
		} else {
			failed = abort_view(v, report);
		}
		if (!err)
			err = failed;
	}
	if (!err)
		err = removal_revert();
	/* Half an abort is no state to commit: it is gone through again, by whoever comes next. */
	if (shared_session() && !err)
		shared_session()->aborting = 0;
	report->duration_ns = sys_now_ns(CLOCK_MONOTONIC) - start;
	return err;
}
