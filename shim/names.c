/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See names.h.  The kernel knows the present name of every descriptor; only when that name was unlinked and
 * the file has others do we need to have seen the link made.
 */
#include "names.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "aside.h"
#include "build.h"
#include "checkpoint.h"
#include "config.h"
#include "fence.h"
#include "fmt.h"
#include "giveup.h"
#include "journal_lock.h"
#include "log.h"
#include "marks.h"
#include "retire.h"
#include "roster.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"
#include "view.h"

static bool is_name_of(const struct view *v, const char *path)
{
	struct stat st;

	return !sys_lstat(path, &st) && st.st_dev == v->dev && st.st_ino == v->ino;
}

/* A network file system calls a name deleted that it had to look up again, and may not answer. */
static bool still_has_path(const struct view *v)
{
	struct stat st;
	int err = sys_lstat(v->path, &st);

	return err ? v->leased && err != -ENOENT : st.st_dev == v->dev && st.st_ino == v->ino;
}

/* False when the file has no name that we could know. */
static bool find_name(const struct view *v, char *path, size_t size)
{
	char link[64];
	ssize_t n;

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", v->fd);
	n = sys_readlink(link, path, size - 1);
	/* Without /proc nothing is known to have changed. */
	if (n < 0) {
		fmt_print(path, size, "%s", v->path);
		return true;
	}
	path[n] = '\0';
	if (!strcmp(path, v->path) || is_name_of(v, path))
		return true;
	if (still_has_path(v)) {
		fmt_print(path, size, "%s", v->path);
		return true;
	}
	if (!v->other_path || !is_name_of(v, v->other_path))
		return false;
	fmt_print(path, size, "%s", v->other_path);
	return true;
}

static void set_string(char **where, const char *value)
{
	char *copy = arena_strdup(value);

	if (!copy)
		return;
	if (*where)
		arena_free(*where, strlen(*where) + 1);
	*where = copy;
}

static bool is_journal_of(const struct view *v, const char *path)
{
	struct stat ours, named;

	return !sys_fstat(v->journal.fd, &ours) && !sys_lstat(path, &named) && ours.st_dev == named.st_dev &&
	       ours.st_ino == named.st_ino;
}

/* It goes to another path, or goes: then nobody may be in doubt and look for it at this one. */
static int empty_journal(struct view *v)
{
	int err = checkpoint_now(v);

	if (!err)
		err = checkpoint_companions(v);
	if (!err)
		err = fence_check(v);
	if (!err)
		checkpoint_forget(v, !v->aside);
	return err;
}

/* Files may have changed names with each other: then no journal can go straight to its new place. */
static void step_aside(struct view *v)
{
	char aside[PATH_MAX];

	/* By the inode: what a crash has left of another file there is not overwritten. */
	fmt_print(aside, sizeof aside, "%s.%lu" JOURNAL_SUFFIX, v->journal.path, (unsigned long)v->ino);
	if (v->mode == VIEW_WRITING && !empty_journal(v) && is_journal_of(v, v->journal.path) &&
	    !sys_rename(v->journal.path, aside))
		set_string(&v->journal.path, aside);
}

static void lose_name(struct view *v)
{
	struct stat st;

	/* Cut off: that is for the commit to find out. */
	if (v->leased && sys_fstat(v->fd, &st))
		return;
	/* Its bytes still matter to somebody: they are committed as ever, and only recovery has to be told where. */
	if (v->mode == VIEW_WRITING && !sys_fstat(v->fd, &st) && st.st_nlink > 0) {
		step_aside(v);
		if (v->journal.durable)
			sync_folder_of(v->journal.path);
		v->nameless = true;
		log_warn("%s: deleted or replaced, and its other names are not known: its journal is %s, for bigfile recover "
			 "after a crash", v->path, v->journal.path);
		return;
	}
	if (v->mode == VIEW_WRITING) {
		uint64_t pages;
		bool open = view_size_changed(v) || v->carried.count || v->carry_all || v->tracker->count(v, 1, &pages) ||
			    pages;

		/* Of a file that was never committed nobody can expect anything. */
		if (open && v->committed && !sys_lstat(v->path, &st))
			log_warn("%s: replaced by another file: what was not committed of the old one is dropped with it",
				 v->path);
		else if (open)
			log_info("%s: deleted: what was not committed of it is dropped with it", v->path);
		/* Its records may matter as long as the deletion itself is not durable. */
		if (!empty_journal(v))
			sys_unlinkat(AT_FDCWD, v->journal.path);
		journal_close(&v->journal);
	}
	v->mode = VIEW_UNLINKED;
}

/* A journal at the new name is of the file that had it before: empty, or of no use to anybody now. */
static int clear_the_way(const char *journal, const struct stat *file)
{
	int fd, err = journal_open_locked(journal, file, false, &fd);

	if (err)
		return err == -ENOENT ? 0 : err;
	err = retire_journal(fd, journal, file);
	sys_close(fd);
	return err;
}

static int rename_journal(struct view *v, const char *journal)
{
	struct stat file;
	int err = sys_fstat(v->fd, &file);

	/* A folder that was renamed took it along. */
	if (is_journal_of(v, journal))
		return 0;
	if (!err)
		err = clear_the_way(journal, &file);
	if (!err && is_journal_of(v, v->journal.path))
		err = sys_rename(v->journal.path, journal);
	return err;
}

static int move_journal(struct view *v, const char *path)
{
	char journal[PATH_MAX];
	int err = journal_path_of(path, config.journal_dir, journal, sizeof journal);

	if (!err)
		err = empty_journal(v);
	if (!err)
		err = rename_journal(v, journal);
	/* Aside: whichever of these names comes back, recovery knows what it means. */
	if (!err && v->aside) {
		v->journal.named = false;
		set_string(&v->journal.path, journal);
		return 0;
	}
	if (!err && v->journal.durable)
		err = sync_folder_of(journal);
	/* The name of the file must not come back without its journal. */
	if (!err && v->journal.durable)
		err = sync_folder_of(path);
	if (!err)
		set_string(&v->journal.path, journal);
	return err;
}

static void follow(struct view *v, const char *path)
{
	int err = v->mode == VIEW_WRITING ? move_journal(v, path) : 0;

	if (err && !fence_explains(v))
		log_error("%s: renamed to %s, but its journal %s cannot follow: %e; after a crash: bigfile recover, "
			  "with the journal renamed by hand", v->path, path, v->journal.path, err);
	else if (v->mode == VIEW_WRITING && !v->aside && !marks_match(path))
		log_warn("%s: renamed to %s, which BIGFILE_PATHS does not name: after a crash it needs bigfile recover",
			 v->path, path);
	set_string(&v->path, path);
}

static bool is_followed(const struct view *v)
{
	return v->fd >= 0 && !v->nameless && (v->mode == VIEW_READING || v->mode == VIEW_WRITING);
}

static bool has_moved(const struct view *v, char *path, size_t size)
{
	return is_followed(v) && find_name(v, path, size) && strcmp(path, v->path);
}

/* The journal goes where another view's still is. */
static void push_aside(const char *path)
{
	char journal[PATH_MAX];

	if (journal_path_of(path, config.journal_dir, journal, sizeof journal))
		return;
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->mode == VIEW_WRITING && !strcmp(v->journal.path, journal)) {
			step_aside(v);
			return;
		}
	}
}

void names_removed(struct view *v)
{
	char path[PATH_MAX];

	if (aside_original(v->path, path, sizeof path))
		set_string(&v->path, path);
}

int names_make_way(const struct view *v, const char *path)
{
	char journal[PATH_MAX];
	struct stat file;
	int err = journal_path_of(path, config.journal_dir, journal, sizeof journal);

	if (!err)
		err = sys_fstat(v->fd, &file);
	return err ? err : clear_the_way(journal, &file);
}

void names_moved(struct view *v, const char *path)
{
	follow(v, path);
}

void names_look_at(struct view *v)
{
	char path[PATH_MAX];

	if (has_moved(v, path, sizeof path))
		follow(v, path);
}

int names_follow(void *arg)
{
	char path[PATH_MAX];
	unsigned moved = 0;

	/* First those that lost their names, which others may have taken. */
	for (struct view *v = view_first(); v; v = v->next) {
		if (is_followed(v) && !find_name(v, path, sizeof path))
			lose_name(v);
	}
	for (struct view *v = view_first(); v; v = v->next)
		moved += has_moved(v, path, sizeof path);
	for (struct view *v = view_first(); v && moved > 1; v = v->next) {
		if (has_moved(v, path, sizeof path))
			push_aside(path);
	}
	for (struct view *v = view_first(); v && moved; v = v->next) {
		if (has_moved(v, path, sizeof path))
			follow(v, path);
	}
	return giveup_unnamed(NULL);
}

bool names_may_be_aside(void)
{
	return view_aside_ever || shared_session();
}

static bool in_same_folder(const char *a, const char *b)
{
	const char *slash = strrchr(a, '/');
	size_t n = slash ? (size_t)(slash - a) + 1 : 0;

	return !strncmp(a, b, n) && !strchr(b + n, '/');
}

int names_sync_folder(const char *path, const char **last)
{
	int err = *last && in_same_folder(*last, path) ? 0 : sync_folder_of(path);

	if (!err)
		*last = path;
	return err;
}

/* Is its deletion part of this commit, and this the first that has it aside? */
static bool is_newly_aside(const struct view *v)
{
	return view_is_aside(v) && v->mode == VIEW_WRITING && build_has_changes(v->build) && v->journal.durable && !v->journal.named;
}

/*
 * Out of the rosters of others it has been struck when it was set aside.  After its deletion nobody finds it, nor its file: so that must be durable
 * before.  Of those that this commit changes too there is nothing to be done: they are made durable before it is decided, or are what decides
 * it, and then are asked about it.
 */
static int sync_rosters(struct view **at_fault)
{
	bool any = false;

	for (const struct view *v = view_first(); v && !any; v = v->next)
		any = is_newly_aside(v);
	for (struct view *v = view_first(); v && any; v = v->next) {
		int err = 0;

		if (v->mode == VIEW_WRITING && !v->journal.error && v->journal.durable && !build_has_changes(v->build) && !roster_is_empty(&v->journal))
			err = journal_sync(&v->journal);
		if (err) {
			*at_fault = v;
			return err;
		}
	}
	return 0;
}

int names_sync(struct view **at_fault)
{
	const char *last = NULL, *last_journal = NULL;
	int rosters = sync_rosters(at_fault);

	if (rosters)
		return rosters;
	for (struct view *v = view_first(); v; v = v->next) {
		struct journal *j = &v->journal;
		int err;

		if (v->mode != VIEW_WRITING || !build_has_changes(v->build) || !j->durable || j->named)
			continue;
		err = names_sync_folder(v->path, &last);
		if (!err && !in_same_folder(v->path, j->path))
			err = names_sync_folder(j->path, &last_journal);
		/* What could not be synced once is not believed the next time: another journal takes its place. */
		if (err) {
			j->error = err;
			*at_fault = v;
			return err;
		}
		j->named = true;
	}
	return 0;
}
