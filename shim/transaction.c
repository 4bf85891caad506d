/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See transaction.h. */
#include "transaction.h"

#include <errno.h>
#include <string.h>

#include "config.h"
#include "control.h"
#include "engine.h"
#include "session.h"
#include "tracker.h"

/* Another thread is ending the process: whether what this one has stored was in time for that nobody can tell. */
static int commit_job(void *arg)
{
	return control_has_ended() ? -ECANCELED : control_commit();
}

static int abort_job(void *arg)
{
	return control_abort();
}

static int refuse_orphan(void)
{
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->mode == VIEW_ORPHAN) {
			session_say_orphan(v);
			return -EPERM;
		}
	}
	return 0;
}

/* An orphan has no engine of its own, but may have started one for other files since: even then not all would be committed. */
static int decide(engine_fn job)
{
	int err = session_is_here() ? refuse_orphan() : 0;

	/* Asked before, not told by the result: a commit that fails with ESRCH has failed. */
	return !err && session_is_here() && engine_is_started() ? engine_run_if_started(job, NULL) : err;
}

int transaction_commit(void)
{
	return decide(commit_job);
}

static int commit_removals_job(void *arg)
{
	for (const struct view *v = view_first(); v; v = v->next) {
		if (view_is_aside(v))
			return control_commit();
	}
	return 0;
}

int transaction_commit_removals(void)
{
	return decide(commit_removals_job);
}

int transaction_abort(void)
{
	return decide(abort_job);
}

int transaction_sync(const struct view *v)
{
	if (config.sync == SYNC_DEFER || (v->mode == VIEW_READING && !control_has_ended()))
		return 0;
	return transaction_commit();
}

static int survey_job(void *arg)
{
	struct transaction_summary *sum = arg;
	int err = 0;

	for (struct view *v = view_first(); v; v = v->next) {
		if (v->mode != VIEW_WRITING)
			continue;
		if (!err)
			err = v->tracker->count(v, UINT64_MAX, &v->dirty_pages);
		sum->files++;
		sum->dirty_pages += v->dirty_pages;
		sum->resized += view_size_changed(v);
	}
	sum->tracker = tracker->name;
	return err;
}

int transaction_survey(struct transaction_summary *sum)
{
	memset(sum, 0, sizeof *sum);
	return session_is_here() && engine_is_started() ? engine_run_if_started(survey_job, sum) : 0;
}
