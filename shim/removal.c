/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See removal.h. */
#include "removal.h"

#include <limits.h>
#include <string.h>

#include "aside.h"
#include "checkpoint.h"
#include "config.h"
#include "fmt.h"
#include "journal_lock.h"
#include "log.h"
#include "names.h"
#include "shared.h"
#include "sys.h"

/* The others see it at once: should we die, they know what the name means that they find. */
static void note_aside(struct view *v, bool aside)
{
	v->aside = aside;
	if (v->shared)
		shared_file_of(v)->aside = aside;
	if (aside)
		view_aside_ever = true;
}

/* Is v->path what the kernel will follow when the name changes? */
static bool is_known_by_name(const struct view *v)
{
	char link[64], path[PATH_MAX];
	struct stat st;
	ssize_t n;

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", v->fd);
	n = sys_readlink(link, path, sizeof path - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return !strcmp(path, v->path) && !sys_lstat(path, &st) && st.st_dev == v->dev && st.st_ino == v->ino;
}

static bool is_aside_of_ours(const char *aside)
{
	for (const struct view *v = view_first(); v; v = v->next) {
		if (view_is_aside(v) && !strcmp(v->path, aside))
			return true;
	}
	return false;
}

/* By one whose transaction goes on, or has ended in a crash: its journal says whether it comes back. */
static bool is_taken(const char *aside)
{
	struct stat st;

	return sys_lstat(aside, &st) != -ENOENT;
}

/* What cannot have its journal beside it stays where it is. */
static bool has_journal_beside(const struct view *v)
{
	char journal[PATH_MAX];

	return !journal_path_of(v->path, config.journal_dir, journal, sizeof journal) && !strcmp(journal, v->journal.path);
}

int removal_begin(void *arg)
{
	const struct removal *r = arg;
	struct view *v = r->view;
	char aside[PATH_MAX];
	int err;

	/* Leased: the names that other machines look for are not to change while they wait. */
	if (strcmp(v->path, r->path) || v->mode != VIEW_WRITING || v->leased || v->error || v->nameless || view_is_aside(v) || !is_known_by_name(v) || !has_journal_beside(v) ||
	    aside_path_of(v->path, aside, sizeof aside))
		return REMOVAL_NOT;
	if (is_taken(aside))
		return !v->committed && is_aside_of_ours(aside) ? REMOVAL_NEW : REMOVAL_NOT;
	if (checkpoint_now(v) || names_make_way(v, aside))
		return REMOVAL_NOT;
	note_aside(v, true);
	err = aside_put(v->path, aside);
	if (err) {
		note_aside(v, false);
		return REMOVAL_NOT;
	}
	names_moved(v, aside);
	if (view_is_aside(v) && has_journal_beside(v))
		return 0;
	/* Its journal could not follow. */
	err = aside_put_back(aside, ASIDE_NAME_OPEN);
	names_follow(NULL);
	note_aside(v, false);
	return err ? err : REMOVAL_NOT;
}

int removal_concerns(void *arg)
{
	const struct removal *r = arg;

	for (const struct view *v = view_first(); v; v = v->next) {
		if (v->mode == VIEW_WRITING &&
		    (!strcmp(v->journal.path, r->path) || (view_is_aside(v) && !strcmp(v->path, r->path))))
			return 1;
	}
	return 0;
}

static void fail(struct view *v, int err)
{
	v->error = err;
	log_error("%s: its deletion is committed, but it cannot be deleted: %e; the commit is safe in %s, no more are taken: end the "
		  "program, mend the cause, then bigfile recover", v->path, err, v->journal.path);
}

void removal_apply(void)
{
	const char *last = NULL;

	for (struct view *v = view_first(); v; v = v->next) {
		struct stat st;
		int err;

		if (!view_is_aside(v) || v->error)
			continue;
		err = sys_fstat(v->fd, &st);
		/* By its other names nobody would find the journal. */
		if (!err && st.st_nlink > 1 && v->journal.durable)
			err = sys_fdatasync(v->fd);
		if (!err)
			err = aside_remove(v->path, &st);
		if (err)
			fail(v, err);
	}
	for (struct view *v = view_first(); v; v = v->next) {
		int err = view_is_aside(v) && !v->error && v->journal.durable ? names_sync_folder(v->path, &last) : 0;

		if (err)
			fail(v, err);
	}
}

/* Those whose name has changed since are aside no more. */
static void forget_all(void)
{
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->aside && !view_is_aside(v))
			note_aside(v, false);
	}
}

void removal_end(void)
{
	bool any = false;

	for (struct view *v = view_first(); v; v = v->next) {
		if (!view_is_aside(v) || v->error)
			continue;
		note_aside(v, false);
		names_removed(v);
		any = true;
	}
	if (any)
		names_follow(NULL);
	forget_all();
}

void removal_repair(void)
{
	bool any = false;

	for (const struct view *v = view_first(); v; v = v->next)
		any |= v->aside;
	if (any)
		names_follow(NULL);
	forget_all();
}

/* By a file that the transaction has made since. */
static bool is_taken_by_ours(const char *aside)
{
	char path[PATH_MAX];
	struct stat st;
	const struct view *v;

	if (!aside_original(aside, path, sizeof path) || sys_lstat(path, &st))
		return false;
	v = view_find(st.st_dev, st.st_ino);
	return v && v->mode == VIEW_WRITING && !v->committed;
}

int removal_revert(void)
{
	const char *last = NULL;
	bool any = false;
	int err = 0;

	for (struct view *v = view_first(); v; v = v->next) {
		int failed;

		if (!view_is_aside(v) || v->error)
			continue;
		failed = aside_put_back(v->path, is_taken_by_ours(v->path) ? ASIDE_NAME_OURS : ASIDE_NAME_OPEN);
		/* Whatever is committed now, its deletion is not. */
		if (failed) {
			log_error("%s: abort failed: the file cannot have its name back: %e; bigfile recover gives it back when the program "
				  "has ended", v->path, failed);
			note_aside(v, false);
		}
		any |= !failed;
		err = err ? err : failed;
	}
	if (!any)
		return err;
	names_follow(NULL);
	for (struct view *v = view_first(); v; v = v->next) {
		/* Whoever looks after a power cut, without Bigfile, finds it. */
		if (v->aside && !view_is_aside(v) && v->mode == VIEW_WRITING && v->journal.durable)
			names_sync_folder(v->path, &last);
	}
	forget_all();
	return err;
}
