/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See detach.h. */
#include "detach.h"

#include "checkpoint.h"
#include "journal_lock.h"
#include "participants.h"
#include "removal.h"
#include "roster.h"
#include "sharing.h"
#include "spare.h"
#include "sys.h"
#include "view.h"

#define LONGEST_TICK_MS 20

/* Durable, and nothing in its journal that matters to anybody - or what a failed sync has left, which goes with the journal. */
static bool is_settled(struct view *v)
{
	int err = checkpoint_now(v);

	return !err || (v->journal.error && !v->error && !journal_has_records(&v->journal));
}

static bool drop_journal(struct view *v)
{
	bool seen = v->journal.named || v->journal.error;

	return !journal_discard(v->journal.fd, v->journal.path, seen && v->journal.durable);
}

/* 2: it may be in doubt about what another one decided. */
static unsigned failure_of(const struct journal *j)
{
	return j->error ? 1 + j->lingers : 0;
}

static uint64_t ns_of(struct timespec t)
{
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* Whoever changes it from now on gives it another time than this: that of the kernel's clock, which stands still for a tick. */
static void note_how_left(struct view *v)
{
	struct stat st;

	if (sys_fstat(v->fd, &st))
		return;
	v->left_size = (uint64_t)st.st_size;
	v->left_time = st.st_mtim;
	for (unsigned ms = 0; ms < LONGEST_TICK_MS && sys_now_ns(CLOCK_REALTIME_COARSE) == ns_of(st.st_mtim); ms++)
		sys_sleep_ms(1);
}

/*
 * What cannot be made durable stays in the journal, and the journal stays - and so does one that its companions may have to
 * ask.  First go those whose last record nobody must see again.
 */
static void let_go_all(bool ends)
{
	bool all = true;

	spare_lend();
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->mode == VIEW_WRITING)
			all &= v->settled = is_settled(v);
		/* As long as its journal is there nobody else has it. */
		if (v->mode == VIEW_WRITING && !ends)
			note_how_left(v);
	}
	for (unsigned failure = 2; failure <= 2; failure--) {
		for (struct view *v = view_first(); v; v = v->next) {
			if (v->mode != VIEW_WRITING || !v->settled || failure_of(&v->journal) != failure)
				continue;
			if (all || roster_is_empty(&v->journal))
				all &= drop_journal(v) || !v->journal.error;
		}
	}
}

int detach(bool ends)
{
	if (participants_others() || participants_coming()) {
		sharing_leave(ends);
		return 0;
	}
	/* What has not been committed by now is rolled back. */
	removal_revert();
	let_go_all(ends);
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->mode != VIEW_WRITING)
			continue;
		journal_close(&v->journal);
		v->mode = VIEW_READING;
		v->left = !ends;
	}
	if (shared_session())
		shared_session()->closed = 1;
	return 0;
}
