/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commit: a consistent cut, one record per changed file, sealed together, apply.  See commit.h.
 *
 * The cut.  A round protects the dirty pages and copies them.  When after a round nothing is dirty, nothing was
 * stored between the protection of any page and the look that found it clean: all copies are
 * the state at one instant, the beginning of that look.  (When the only thread that could store waits for the commit, the
 * look is not needed.)  Under constant stores that never comes; then an instant is made, and what is
 * stored after it is kept apart (cut.h); at once, if the last commit needed that.  Of shared views the others cannot
 * know: the gate is closed for one last round, in which a writer waits in the fault handler.  It opens before any disk I/O.
 *
 * A crash before seal_all has made the transaction durable leaves the old state in all files, one after that the new one: recovery redoes the
 * records.  Files are touched by apply alone, which comes after that.
 */
#include "commit.h"

#include <string.h>

#include "build.h"
#include "checkpoint.h"
#include "copies.h"
#include "cut.h"
#include "fence.h"
#include "gate.h"
#include "home.h"
#include "loading.h"
#include "log.h"
#include "names.h"
#include "participants.h"
#include "progress.h"
#include "quiet.h"
#include "removal.h"
#include "seal.h"
#include "spare.h"
#include "sys.h"
#include "tracker.h"

#define ROUNDS 3

static void collect_round(void)
{
	each_writing(v) {
		int err = v->tracker->collect(v, build_take, NULL);

		build_flush(v->build);
		if (err && !v->build->error)
			v->build->error = err;
	}
}

static int first_error(void)
{
	each_writing(v) {
		if (v->build->error)
			return v->build->error;
	}
	return 0;
}

bool transaction_is_open(void)
{
	each_writing(v) {
		uint64_t pages;

		if (view_size_changed(v) || view_is_aside(v) || v->carried.count || v->carry_all ||
		    v->tracker->count(v, 1, &pages) || pages)
			return true;
	}
	return false;
}

static bool something_is_dirty(void)
{
	each_writing(v) {
		uint64_t pages;

		if (v->tracker->count(v, 1, &pages) || pages)
			return true;
	}
	return false;
}

static int freeze_all(bool *sure)
{
	int err = 0;

	*sure = true;
	lock_take(&window_lock);
	gate_close();
	lock_release(&window_lock);
	if (shared_session())
		err = participants_freeze(sure);
	each_writing(v) {
		if (!err)
			err = v->tracker->freeze(v);
	}
	return err;
}

static void thaw_all(void)
{
	/* In this order: who brings a page within reach meanwhile gives it the protection of an open gate, or it is thawed. */
	gate_open();
	each_writing(v)
		v->tracker->thaw(v);
	if (shared_session())
		participants_let_go();
}

static int stop_and_collect(void)
{
	bool settled = false;
	int err = 0;

	for (int i = 0; i < ROUNDS && !settled && !err; i++) {
		bool sure;

		err = freeze_all(&sure);
		if (!err)
			collect_round();
		/* One that was stopped may have gone on: now it can be asked. */
		settled = sure || !something_is_dirty();
	}
	thaw_all();
	if (!err)
		err = first_error();
	return err || settled ? err : -ETIMEDOUT;
}

static int take_cut(struct commit_report *report)
{
	bool quiet = !shared_session() && quiet_now();
	unsigned rounds = !shared_session() && !quiet && cut_is_wanted ? 0 : ROUNDS;

	for (report->rounds = 0; report->rounds < rounds; report->rounds++) {
		int err;

		collect_round();
		err = first_error();
		if (err || quiet || !something_is_dirty())
			return err;
	}
	report->stopped = true;
	report->rounds++;
	if (shared_session())
		return stop_and_collect();
	cut_take();
	return first_error();
}

static bool is_as_noted(const struct view *v, const struct stat *st)
{
	const struct journal_header *h = &v->journal.header;

	return h->file_size == (uint64_t)st->st_size && h->mtime_sec == st->st_mtim.tv_sec &&
	       h->mtime_nsec == st->st_mtim.tv_nsec;
}

/* Its work is in the file at once, and in no transaction. */
static void look_for_stranger(struct view *v)
{
	struct stat st;
	int err;

	if (v->stranger_said || v->error || sys_fstat(v->fd, &st) || is_as_noted(v, &st))
		return;
	/* It may be the next holder, after this machine was cut off. */
	err = fence_check(v);
	if (err && fence_noticed(v, err))
		return;
	v->stranger_said = true;
	log_warn("%s: was changed past its transaction, by raw system calls, io_uring or a program without Bigfile; "
		 "such changes cannot be rolled back", v->path);
}

/*
 * First those with a record that may be in doubt: as long as it is there the journal that it would ask must be.
 */
static int renew_journals(bool lingering, struct view **at_fault)
{
	each_writing(v) {
		int err = v->shared ? shared_follow(v) : 0;

		if (!err && (v->journal.error || v->journal.roster_wanted) && v->journal.lingers == lingering)
			err = checkpoint_renew_journal(v);
		*at_fault = v;
		if (err)
			return err;
	}
	return 0;
}

static int start_builds(void)
{
	struct view *at_fault;
	int failed = renew_journals(true, &at_fault);

	if (!failed)
		failed = renew_journals(false, &at_fault);
	if (failed) {
		if (!fence_explains(at_fault))
			log_error("%s: commit failed: %e; the transaction stays open", at_fault->path, failed);
		return failed;
	}
	each_writing(v) {
		int err = 0;

		look_for_stranger(v);
		if (!err)
			err = build_start(v);
		if (err) {
			if (!fence_noticed(v, err))
				log_error("%s: commit failed: %e; the transaction stays open", v->path, err);
			return err;
		}
	}
	return 0;
}

static void end_builds(bool committed)
{
	each_writing(v) {
		build_end(v, committed);
		if (committed)
			v->changed.tv_sec = v->times[1].tv_sec = 0;
	}
}

static int reserve(struct view *v)
{
	struct build *b = v->build;
	struct stat st;
	bool allocated, as_noted;
	int err;

	if (!b->begun) {
		err = v->error ? v->error : journal_begin(&v->journal);
		if (err)
			return err;
		b->begun = true;
	}
	/* Several files are synced together, and what is allocated below must find the room that is not needed. */
	err = journal_settle(&v->journal);
	if (err)
		return err;
	range_list_normalize(&b->logged);
	as_noted = !sys_fstat(v->fd, &st) && is_as_noted(v, &st);
	err = home_reserve(v, &b->logged, &allocated);
	/* Allocating has changed the file's times, in part too; and whoever else did, a record comes on top of that. */
	if ((!err || (allocated && as_noted)) && !sys_fstat(v->fd, &st) && (allocated || !is_as_noted(v, &st))) {
		int failed = journal_note(&v->journal, v->journal.tail.seq - 1, v->journal.tail.seq - 1, &st);

		/* What is committed then would be taken for what a stranger has changed. */
		err = err ? err : failed;
	}
	return err;
}

/* settled: what was logged was in the view at one instant, and not kept apart. */
static void apply(struct view *v, bool settled)
{
	uint64_t seq = v->journal.tail.seq - 1;
	struct stat st;
	int err = journal_note(&v->journal, seq - 1, seq, NULL);

	if (!err)
		err = home_apply(v, settled && !v->shared ? build_exact(v->build) : NULL);
	/* What cp -p and tar have set last is meant to stay. */
	if (!err && v->times[1].tv_sec)
		sys_call(SYS_utimensat, v->fd, NULL, v->times, 0);
	if (!err)
		err = sys_fstat(v->fd, &st);
	if (!err)
		err = journal_note(&v->journal, seq, seq, &st);
	if (err && !fence_noticed(v, err)) {
		v->error = err;
		log_error("%s: committed, but the file cannot be written: %e; the commit is safe in %s, no more "
			  "are taken: end the program, then bigfile recover", v->path, err, v->journal.path);
	}
	v->committed = v->size;
	v->cut = UINT64_MAX;
	if (v->shared && !v->error)
		loading_extend(v);
}

/* From here on files are changed. */
static void apply_all(struct commit_report *report)
{
	each_writing(v) {
		if (!build_has_changes(v->build))
			continue;
		report->files++;
		report->bytes += v->journal.record.length;
		apply(v, !report->stopped);
	}
}

static bool is_fenced(int err)
{
	bool any = false;

	each_writing(v)
		any |= fence_noticed(v, err);
	return any;
}

static int attempt(struct commit_report *report)
{
	struct view *at_fault = NULL;
	int err = start_builds();

	if (!err)
		err = take_cut(report);
	each_writing(v) {
		if (v->build && v->build->error)
			at_fault = v;
		if (!err && build_has_changes(v->build)) {
			err = reserve(v);
			at_fault = v;
		}
		report->pages += v->build ? v->build->pages : 0;
	}
	if (!err)
		err = names_sync(&at_fault);
	if (!err)
		err = seal_all(&at_fault);
	if (!err) {
		apply_all(report);
		removal_apply();
	}
	if (err && err != -EAGAIN && !is_fenced(err) && at_fault)
		log_error("%s: commit failed: %e; nothing is lost: the transaction stays open, mend the cause "
			  "and commit again", at_fault->path, err);
	end_builds(!err);
	return err;
}

/* What others have left: files that we do not have, an abort half done, slots of the dead. */
static int prepare_shared(void)
{
	struct commit_report report;
	int err = participants_look();

	if (!err && shared_session()->aborting)
		err = abort_all(&report);
	participants_reap();
	return err;
}

static int commit_views(struct commit_report *report)
{
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC);
	int err;

	memset(report, 0, sizeof *report);
	checkpoint_reap();
	err = shared_session() ? prepare_shared() : 0;
	if (err)
		return err;
	names_follow(NULL);
	err = attempt(report);
	if (err == -EAGAIN) {
		/* A journal has no room before it is emptied. */
		each_writing(v) {
			if (err == -EAGAIN || err == 0)
				err = checkpoint_now(v);
		}
		memset(report, 0, sizeof *report);
		if (!err)
			err = attempt(report);
	}
	if (!err)
		removal_end();
	if (!err)
		copies_end_commit();
	each_writing(v)
		checkpoint_consider(v, false);
	report->duration_ns = sys_now_ns(CLOCK_MONOTONIC) - start;
	return err;
}

int commit_all(struct commit_report *report)
{
	int err, fd = -1;

	each_writing(v)
		fd = v->fd;
	spare_lend();
	progress_begin(fd, "is being committed");
	err = commit_views(report);
	progress_end();
	spare_hold();
	return err;
}
