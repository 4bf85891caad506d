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
#include "aside.h"
#include "checkpoint.h"
#include "config.h"
#include "control.h"
#include "engine.h"
#include "fds.h"
#include "fmt.h"
#include "log.h"
#include "marks.h"
#include "names.h"
#include "opening.h"
#include "pathroom.h"
#include "refusal.h"
#include "removal.h"
#include "session.h"
#include "session_lock.h"
#include "sys.h"
#include "transaction.h"

#define TRIES 5

struct view *namecalls_view_of(int dir, const char *path)
{
	struct stat st;

	if (!view_any() || sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW))
		return NULL;
	return view_get(st.st_dev, st.st_ino);
}

/* Whose names are about to change. */
struct renaming {
	const struct view *views[2];
	const char *folders[2]; /* all files below, NULL: none */
};

static bool lies_below(const struct view *v, const char *folder)
{
	size_t n = folder ? strlen(folder) : 0;

	return n && !strncmp(v->path, folder, n) && v->path[n] == '/';
}

static bool is_concerned(const struct renaming *r, const struct view *v)
{
	return v->mode == VIEW_WRITING && (v == r->views[0] || v == r->views[1] || lies_below(v, r->folders[0]) || lies_below(v, r->folders[1]));
}

/*
 * Nor is it asked for any more: should we die before the journal has followed, nobody would find the file, nor, once that journal has been
 * recovered, it.  Where a folder takes journals along, companions elsewhere would look for them by their old paths.
 */
static int empty_job(void *arg)
{
	const struct renaming *r = arg;
	int err = 0;

	for (struct view *v = view_first(); v && !err; v = v->next) {
		if (!is_concerned(r, v))
			continue;
		err = journal_is_empty(&v->journal) ? 0 : checkpoint_now(v);
		if (!err && v != r->views[0] && v != r->views[1])
			err = checkpoint_companions(v);
		if (!err)
			checkpoint_forget(v, !v->aside);
	}
	return err;
}

static void look_at(const struct renaming *r, bool *any, bool *filled)
{
	*any = *filled = false;
	for (const struct view *v = view_first(); v; v = v->next) {
		*any |= is_concerned(r, v);
		*filled |= is_concerned(r, v) && !journal_is_empty(&v->journal);
	}
}

static int lock_emptied(struct renaming *r)
{
	int err = 0;

	for (int i = 0; i < TRIES && !err; i++) {
		bool any, filled;

		session_lock_take();
		look_at(r, &any, &filled);
		if (!any || (i && !filled))
			return 0;
		session_lock_release();
		err = engine_run(empty_job, r);
	}
	if (err)
		return err;
	/* Somebody commits without end: the journal follows with what it holds. */
	session_lock_take();
	return 0;
}

int namecalls_lock_emptied(struct view *v)
{
	return lock_emptied(&(struct renaming){ .views = { v } });
}

bool namecalls_may_be_marked(const char *path)
{
	return path && marks_may_match(path);
}

bool namecalls_is_marked(int dir, const char *path)
{
	if (!namecalls_may_be_marked(path))
		return false;

	PATH_ROOM(full);
	PATH_ROOM(real);

	opening_full_path(dir, path, full, PATH_MAX);
	return realpath(full, real) && marks_match(real);
}

/* Does a marked file with committed content have this name? */
static bool holds_commits(int dir, const char *path)
{
	IN_HAND struct view *v = namecalls_view_of(dir, path);
	struct stat st;

	if (v) {
		session_lock_refresh();
		return v->mode != VIEW_UNLINKED && v->committed > 0;
	}
	return namecalls_may_be_marked(path) && !sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) && st.st_size &&
	       namecalls_is_marked(dir, path);
}

static bool exists(int dir, const char *path)
{
	struct stat st;

	return !sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) && st.st_size > 0;
}

/* When all is decided, too: what a thread has written since is nowhere but in memory, and must not take the place of what is committed. */
static bool loses_commits(int dir, const char *path, const struct view *from)
{
	bool any = control_has_ended();
	bool ours = from && (from->mode == VIEW_WRITING || any) && exists(dir, path);

	for (struct view *v = view_first(); v; v = v->next)
		any |= v->mode == VIEW_WRITING;
	return any && (ours || holds_commits(dir, path));
}

static const char taken[] = "was deleted, and another file gets its name";

/* Who has asked for commits of his own hand only is told of this one. */
static int commit_first(const char *path, const char *why)
{
	if (config.sync == SYNC_DEFER || config.exit == EXIT_POLICY_ABORT)
		log_warn_once("%s: %s: what came before is committed first, whatever BIGFILE_SYNC and BIGFILE_EXIT say; bigfile(7), Names", path, why);
	return transaction_commit();
}

int namecalls_commit_before_loss(int dir, const char *path)
{
	struct stat st;
	int err;

	if (!loses_commits(dir, path, NULL))
		return 0;
	err = (int)sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW);
	if (!err)
		err = refusal_of(dir, path);
	if (err)
		return err;
	return commit_first(path, "is deleted and cannot be set aside");
}

/* Was a file of this name unlinked in the transaction?  It would have to come back to it. */
struct vacancy {
	const char *aside;
	bool found;
};

static int find_vacancy(void *arg)
{
	struct vacancy *vacancy = arg;

	for (const struct view *v = view_first(); v && !vacancy->found; v = v->next)
		vacancy->found = view_is_aside(v) && !strcmp(v->path, vacancy->aside);
	return 0;
}

static bool is_vacant(int dir, const char *path)
{
	PATH_ROOM(full);
	PATH_ROOM(aside);
	PATH_ROOM(real);
	struct vacancy vacancy = { real, false };

	opening_full_path(dir, path, full, PATH_MAX);
	if (!names_may_be_aside() || aside_path_of(full, aside, PATH_MAX) || !realpath(aside, real))
		return false;
	engine_run_if_started(find_vacancy, &vacancy);
	return vacancy.found;
}

static bool is_there(int dir, const char *path)
{
	struct stat st;

	return !sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW);
}

/* A folder takes the names of all below it along. */
static bool is_folder(int dir, const char *path)
{
	struct stat st;

	return !sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

static int rename_is_refused(int old_dir, const char *old, int new_dir, const char *new, unsigned flags)
{
	struct stat from, to;
	int err = (int)sys_call(SYS_newfstatat, old_dir, old, &from, AT_SYMLINK_NOFOLLOW);

	if (!err)
		err = refusal_of(old_dir, old);
	if (err)
		return err;
	err = (int)sys_call(SYS_newfstatat, new_dir, new, &to, AT_SYMLINK_NOFOLLOW);
	if (err)
		return flags & RENAME_EXCHANGE ? err : 0;
	if (from.st_dev != to.st_dev)
		return -EXDEV;
	if (flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (!(flags & RENAME_EXCHANGE) && S_ISDIR(to.st_mode) && !S_ISDIR(from.st_mode))
		return -EISDIR;
	return refusal_of(new_dir, new);
}

/* Empty on the disk, so that what is aside may come back over it: it is as if the transaction had made it at the free name. */
static bool is_made_anew(const struct view *v, int dir, const char *path)
{
	struct stat st;

	return v && v->mode == VIEW_WRITING && !v->committed && !sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(st.st_mode) && st.st_nlink == 1 && !st.st_size;
}

/* The same two conditions as for unlink and link; nothing is committed for a call that fails anyway. */
static int commit_before_rename(int old_dir, const char *old, int new_dir, const char *new, unsigned flags, const struct view *moved)
{
	bool exchanged = flags & RENAME_EXCHANGE, vacant;
	int err;

	if (moved)
		session_lock_refresh();
	vacant = is_vacant(new_dir, new) || (exchanged && is_vacant(old_dir, old));
	if (vacant && !exchanged && is_made_anew(moved, old_dir, old))
		return 0;
	if (!vacant && ((flags & RENAME_NOREPLACE) || !loses_commits(new_dir, new, moved)))
		return 0;
	err = rename_is_refused(old_dir, old, new_dir, new, flags);
	if (err)
		return err;
	return commit_first(new, vacant ? taken : "is replaced by another file");
}

/* NULL: it is none, or nothing in it matters. */
static const char *folder_of(int dir, const char *path, char *real)
{
	if (!view_any() || !is_folder(dir, path))
		return NULL;

	PATH_ROOM(full);

	opening_full_path(dir, path, full, PATH_MAX);
	return realpath(full, real);
}

/* marked: one of the names may be.  *concerned: a name of a view has changed. */
static int rename_now(int old_dir, const char *old, int new_dir, const char *new, unsigned flags, bool marked, bool *concerned)
{
	IN_HAND struct view *moved = namecalls_view_of(old_dir, old);
	IN_HAND struct view *replaced = NULL;
	PATH_ROOM(from);
	PATH_ROOM(to);
	struct renaming r;
	int err = commit_before_rename(old_dir, old, new_dir, new, flags, moved);

	if (err)
		return err;
	replaced = namecalls_view_of(new_dir, new);
	*concerned = moved || replaced;
	r = (struct renaming){ { moved, replaced }, { folder_of(old_dir, old, from), folder_of(new_dir, new, to) } };
	/* Nothing of ours: it waits for no commit. */
	if (!marked && !*concerned && !r.folders[0] && !r.folders[1])
		return NOT_OURS;
	err = lock_emptied(&r);
	if (err)
		return err;
	err = (int)sys_call(SYS_renameat2, old_dir, old, new_dir, new, flags);
	session_lock_release();
	return err;
}

int namecalls_rename(int old_dir, const char *old, int new_dir, const char *new, unsigned flags)
{
	bool marked = namecalls_may_be_marked(old) || namecalls_may_be_marked(new), concerned = false, folder;
	int err;

	if (!old || !new || !session_is_here() || (!marked && !view_any() && !is_folder(old_dir, old)))
		return NOT_OURS;
	err = opening_prepare(old_dir, old);
	if (!err)
		err = opening_prepare(new_dir, new);
	folder = !err && is_folder(old_dir, old);
	if (!err)
		err = rename_now(old_dir, old, new_dir, new, flags, marked, &concerned);
	if (err)
		return err;
	/* What was known of descriptors by their names, and where journals belong. */
	if (marked || folder)
		fds_forget_all();
	if ((concerned || folder) && view_any())
		engine_run_if_started(names_follow, NULL);
	return 0;
}

/* Only a name that we have seen given can be followed when the first one goes. */
static void note_link(struct view *v, int dir, const char *path)
{
	PATH_ROOM(full);
	PATH_ROOM(real);

	opening_full_path(dir, path, full, PATH_MAX);
	if (realpath(full, real)) {
		char *copy = arena_strdup(real);

		if (copy && v->other_path)
			arena_free(v->other_path, strlen(v->other_path) + 1);
		if (copy)
			v->other_path = copy;
	}
}

int namecalls_link(int old_dir, const char *old, int new_dir, const char *new, int flags)
{
	bool marked = namecalls_may_be_marked(new);
	IN_HAND struct view *v = NULL;
	int err;

	if (!old || !new || !session_is_here() || (!marked && !view_any()))
		return NOT_OURS;
	/* link() replaces nothing: it would fail. */
	err = is_vacant(new_dir, new) && !is_there(new_dir, new) ? commit_first(new, taken) : 0;
	if (err)
		return err;
	session_lock_take();
	err = (int)sys_call(SYS_linkat, old_dir, old, new_dir, new, flags);
	v = err ? NULL : namecalls_view_of(new_dir, new);
	if (v)
		note_link(v, new_dir, new);
	session_lock_release();
	/* The same file may be marked now. */
	if (!err)
		fds_forget_all();
	return err;
}
