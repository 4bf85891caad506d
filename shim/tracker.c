/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The choice of the tracker, and what both of them need. */
#include "tracker.h"

#include "log.h"
#include "pagemap.h"
#include "sys.h"

const struct tracker *tracker;
static bool started;

void tracker_after_fork(void)
{
	started = false;
	pagemap_after_fork();
}

static int try_tracker(const struct tracker *t)
{
	int err = t->start();

	if (err) {
		log_debug("tracker %s cannot be used here: %e", t->name, err);
		return err;
	}
	tracker = t;
	started = true;
	return 0;
}

int tracker_choose(enum config_tracker wanted)
{
	int err = -ENOTSUP;

	if (started)
		return 0;
	/* Views that were inherited over fork are in the care of the one that made them. */
	if (tracker)
		return try_tracker(tracker);
	if (wanted != TRACKER_MPROTECT)
		err = try_tracker(&tracker_uffd);
	if (err && wanted != TRACKER_UFFD)
		err = try_tracker(&tracker_mprotect);
	if (err) {
		log_error("tracker %s cannot be used here (%e): leave BIGFILE_TRACKER unset",
			  wanted == TRACKER_UFFD ? "uffd" : "mprotect", err);
		return -ENOTSUP;
	}
	log_debug("tracker %s", tracker->name);
	return 0;
}

int tracker_each_run(const struct view *v, struct range at, tracker_run_fn fn, void *arg)
{
	int err = 0;

	while (at.start < at.end && !err) {
		struct range run = { at.start, at.end };
		int prot = window_prot(&v->windows, at.start, at.end, &run.end);

		if (view_reaches(v, run.start, &run.end))
			err = fn(arg, run, prot);
		at.start = run.end;
	}
	return err;
}

struct telling {
	struct view *view;
	const struct segment *segment;
	tracker_dirty_fn fn;
	void *arg;
};

static int tell(void *arg, struct range at)
{
	const struct telling *t = arg;

	return t->fn(t->arg, t->view, t->segment, at);
}

int tracker_each_copied(struct view *v, const struct segment *s, struct range at, tracker_dirty_fn fn, void *arg)
{
	return pagemap_each_copied(at, tell, &(struct telling){ v, s, fn, arg });
}

int tracker_set_prot(const struct view *v, struct range at, int prot)
{
	int err = 0;

	while (at.start < at.end && !err) {
		struct range run = at;

		if (view_reaches(v, run.start, &run.end))
			err = sys_mprotect((void *)run.start, run.end - run.start, prot);
		at.start = run.end;
	}
	return err;
}
