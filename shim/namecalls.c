/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See namecalls.h.  The call itself is made under the session lock, with the journals of the files concerned
 * empty: no commit can come between it and the journal's following.
 */
#include "namecalls.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "checkpoint.h"
#include "engine.h"
#include "fds.h"
#include "fmt.h"
#include "log.h"
#include "marks.h"
#include "names.h"
#include "opening.h"
#include "sys.h"

#define TRIES 5

static struct view *view_of(int dir, const char *path)
{
	struct stat st;

	if (!view_any() || sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW))
		return NULL;
	return view_find(st.st_dev, st.st_ino);
}

static int empty_job(void *arg)
{
	struct view *v = arg;

	return v->mode == VIEW_WRITING ? checkpoint_now(v) : 0;
}

static bool has_records(const struct view *v)
{
	return v && v->mode == VIEW_WRITING && !v->error && journal_has_records(&v->journal);
}

/* Takes the session lock with the journals of both empty.  NULL is fine. */
static int lock_emptied(struct view *a, struct view *b)
{
	int err = 0;

	for (int i = 0; i < TRIES && !err; i++) {
		lock_take(&session_lock);
		if (!has_records(a) && !has_records(b))
			return 0;
		lock_release(&session_lock);
		err = has_records(a) ? engine_run(empty_job, a) : 0;
		if (!err && has_records(b))
			err = engine_run(empty_job, b);
	}
	/* Somebody commits without end, or the disk fails: the journal follows with what it holds. */
	lock_take(&session_lock);
	return 0;
}

static bool may_be_marked(const char *path)
{
	return path && marks_may_match(path);
}

/* Does a marked file with committed content have this name? */
static bool holds_commits(int dir, const char *path)
{
	char full[PATH_MAX], real[PATH_MAX];
	struct view *v = view_of(dir, path);
	struct stat st;

	if (v)
		return v->mode != VIEW_UNLINKED && v->committed > 0;
	if (!may_be_marked(path) || sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode) || !st.st_size)
		return false;
	opening_full_path(dir, path, full, sizeof full);
	return realpath(full, real) && marks_match(real);
}

/*
 * Names change at once, contents with the next commit.  What takes the content of a marked file away - it is deleted,
 * or another takes its name - must not come before what the program has put elsewhere for it, or an abort would leave
 * neither: so that is committed first.
 */
static int commit_before_loss(int dir, const char *path)
{
	if (!view_any() || !holds_commits(dir, path))
		return 0;
	log_debug("%s: loses its name: what came before is committed first", path);
	return session_commit();
}

/* A folder takes the names of all below it along. */
static bool is_folder(int dir, const char *path)
{
	struct stat st;

	return view_any() && !sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

int namecalls_rename(int old_dir, const char *old, int new_dir, const char *new, unsigned flags)
{
	bool marked = may_be_marked(old) || may_be_marked(new), concerned;
	struct view *moved, *replaced;
	int err;

	if (!old || !new || !session_is_here() || (!marked && !view_any()))
		return NOT_OURS;
	err = opening_prepare(old_dir, old);
	if (!err)
		err = opening_prepare(new_dir, new);
	if (!err && !(flags & RENAME_NOREPLACE))
		err = commit_before_loss(new_dir, new);
	if (err)
		return err;
	moved = view_of(old_dir, old);
	replaced = view_of(new_dir, new);
	concerned = moved || replaced || is_folder(old_dir, old);
	lock_emptied(moved, replaced);
	err = (int)sys_call(SYS_renameat2, old_dir, old, new_dir, new, flags);
	lock_release(&session_lock);
	if (err)
		return err;
	/* What was known of descriptors by their names, and where journals belong. */
	if (marked)
		fds_forget_all();
	if (concerned)
		engine_run_if_started(names_follow, NULL);
	return 0;
}

/* Only a name that we have seen given can be followed when the first one goes. */
static void note_link(struct view *v, int dir, const char *path)
{
	char full[PATH_MAX], *real;

	opening_full_path(dir, path, full, sizeof full);
	real = arena_alloc(PATH_MAX);
	if (!real)
		return;
	if (realpath(full, real)) {
		char *copy = arena_strdup(real);

		if (copy && v->other_path)
			arena_free(v->other_path, strlen(v->other_path) + 1);
		if (copy)
			v->other_path = copy;
	}
	arena_free(real, PATH_MAX);
}

int namecalls_link(int old_dir, const char *old, int new_dir, const char *new, int flags)
{
	bool marked = may_be_marked(new);
	struct view *v;
	int err;

	if (!old || !new || !session_is_here() || (!marked && !view_any()))
		return NOT_OURS;
	lock_take(&session_lock);
	err = (int)sys_call(SYS_linkat, old_dir, old, new_dir, new, flags);
	v = err ? NULL : view_of(new_dir, new);
	if (v)
		note_link(v, new_dir, new);
	lock_release(&session_lock);
	/* The same file may be marked now. */
	if (!err)
		fds_forget_all();
	return err;
}

int namecalls_unlink(int dir, const char *path, int flags)
{
	struct view *v;
	int err;

	if (!path || (flags & AT_REMOVEDIR) || !session_is_here() || (!may_be_marked(path) && !view_any()))
		return NOT_OURS;
	err = opening_prepare(dir, path);
	if (!err)
		err = commit_before_loss(dir, path);
	if (err)
		return err;
	v = view_of(dir, path);
	if (!v)
		return NOT_OURS;
	lock_emptied(v, NULL);
	err = (int)sys_call(SYS_unlinkat, dir, path, flags);
	lock_release(&session_lock);
	if (!err)
		engine_run_if_started(names_follow, NULL);
	return err;
}
