/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Abort: drop the pages that the kernel copied for the transaction; what shows through is the file as
 * last committed.  In a shared view nothing shines through: its dirty pages are copied from the file.  See commit.h.
 */
#include <string.h>

#include "build.h"
#include "commit.h"
#include "log.h"
#include "lost.h"
#include "memory.h"
#include "resize.h"
#include "participants.h"
#include "removal.h"
#include "sys.h"
#include "tracker.h"

static int drop(void *arg, struct view *v, const struct segment *s, struct range at)
{
	struct commit_report *report = arg;

	report->pages += (at.end - at.start) / page_size();
	if (v->shared)
		return memory_reload(v, view_offset(s, at.start), view_offset(s, at.end));
	return sys_madvise((void *)at.start, at.end - at.start, MADV_DONTNEED);
}

static int abort_view(struct view *v, struct commit_report *report)
{
	int err = v->tracker->collect(v, drop, report);

	if (!err)
		err = build_each_carried(v, drop, report);
	if (!err && (view_size_changed(v) || v->file_end < page_ceil(v->committed)))
		err = view_revert_size(v);
	if (err) {
		/* Half dropped: the rest is still dirty, the next try finds it. */
		v->carry_all = true;
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
