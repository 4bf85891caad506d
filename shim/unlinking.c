/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See unlinking.h.  Whatever keeps a file from being set aside, it can be deleted at once, as long as all is committed before: an
 * abort can then take nothing back that was to replace it.
 */
#include "unlinking.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "aside.h"
#include "control.h"
#include "engine.h"
#include "fds.h"
#include "folder.h"
#include "log.h"
#include "marks.h"
#include "namecalls.h"
#include "names.h"
#include "opening.h"
#include "pathroom.h"
#include "refusal.h"
#include "removal.h"
#include "session_lock.h"
#include "sys.h"
#include "transaction.h"

/* What the program deletes now is not back after an abort, which must not go unsaid. */
static void say_for_good(const char *path, const char *why)
{
	log_warn_once("%s: %s: its deletion is no part of the transaction, which is committed before it", path, why);
}

/* Where nothing can be written, nothing can be set aside. */
static bool may_write(int dir, const char *path)
{
	if (!sys_call(SYS_faccessat, dir, path, W_OK))
		return true;
	say_for_good(path, "may not be written");
	return false;
}

/* Nor where the name aside would be too long; the journal's may be as well. */
static bool has_room_in_name(int dir, const char *path)
{
	PATH_ROOM(full);
	PATH_ROOM(aside);

	opening_full_path(dir, path, full, PATH_MAX);
	if (!aside_path_of(full, aside, PATH_MAX))
		return true;
	say_for_good(path, "has too long a name");
	return false;
}

/*
 * A view of the file, in hand, through which it can be set aside; *view NULL: there is none to be had, and what is asked is done at once.  For the
 * descriptor see view_of_path in filesize.c.
 */
static int view_to_unlink(int dir, const char *path, struct view **view)
{
	struct stat st;
	int fd, err;

	*view = namecalls_view_of(dir, path);
	if (*view && (*view)->mode != VIEW_READING)
		return 0;
	if (sys_call(SYS_newfstatat, dir, path, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) || (!*view && !namecalls_is_marked(dir, path)))
		return 0;
	err = refusal_of(dir, path);
	if (err || !has_room_in_name(dir, path) || !may_write(dir, path))
		return err;
	view_put(*view);
	*view = NULL;
	fd = sys_openat(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	fds_forget(fd);
	err = session_view_of(fd, true, view);
	fds_forget(fd);
	sys_close(fd);
	if (err == -ENFILE || err == -ENOMEM || err == -ENOSPC) {
		say_for_good(path, "cannot be set aside");
		return 0;
	}
	return err == NOT_OURS ? 0 : err;
}

/* Who has left the transaction cannot make a deletion part of it. */
static int begin_job(void *arg)
{
	const struct removal *r = arg;
	int result;

	if (control_has_ended())
		return REMOVAL_NOT;
	result = removal_begin(arg);
	/* On network file systems none is. */
	if (result == REMOVAL_NOT && !r->view->leased)
		say_for_good(r->path, "cannot be set aside");
	return result;
}

/* 0: done.  REMOVAL_NOT, REMOVAL_NEW: to be done at once, all else being committed before, or not. */
static int set_aside(int dir, const char *path)
{
	PATH_ROOM(full);
	PATH_ROOM(real);
	IN_HAND struct view *v = NULL;
	int err = view_to_unlink(dir, path, &v);

	opening_full_path(dir, path, full, PATH_MAX);
	if (err || !v || !realpath(full, real))
		return err ? err : REMOVAL_NOT;
	err = engine_run_if_started(begin_job, &(struct removal){ v, real });
	return err == -ESRCH ? REMOVAL_NOT : err;
}

static int unlink_now(int dir, const char *path, int flags)
{
	IN_HAND struct view *v = namecalls_view_of(dir, path);
	int err;

	if (!v)
		return NOT_OURS;
	/* Who deletes a file does not mind that its disk fails. */
	if (namecalls_lock_emptied(v))
		session_lock_take();
	err = (int)sys_call(SYS_unlinkat, dir, path, flags);
	session_lock_release();
	return err;
}

/* Who empties a folder comes upon what the transaction has put there, and which goes with it. */
static bool goes_anyway(int dir, const char *path)
{
	if (!marks_is_journal(path) && !aside_is(path))
		return false;

	PATH_ROOM(full);
	PATH_ROOM(real);

	opening_full_path(dir, path, full, PATH_MAX);
	return realpath(full, real) && engine_run_if_started(removal_concerns, &(struct removal){ NULL, real }) == 1;
}

static bool has_view(int dir, const char *path)
{
	IN_HAND struct view *v = namecalls_view_of(dir, path);

	return v != NULL;
}

int unlinking_file(int dir, const char *path, int flags)
{
	int err;

	if (flags & AT_REMOVEDIR)
		return unlinking_folder(dir, path);
	if (!path || !session_is_here() || (!namecalls_may_be_marked(path) && !view_any()))
		return NOT_OURS;
	if (goes_anyway(dir, path))
		return 0;
	if (!namecalls_may_be_marked(path) && !has_view(dir, path))
		return NOT_OURS;
	err = opening_prepare(dir, path);
	if (!err)
		err = set_aside(dir, path);
	if (err <= 0)
		return err;
	err = err == REMOVAL_NEW ? 0 : namecalls_commit_before_loss(dir, path);
	if (!err)
		err = unlink_now(dir, path, flags);
	if (!err)
		engine_run_if_started(names_follow, NULL);
	return err;
}

struct contents {
	bool any; /* a file that is aside */
	bool other;
};

static int look_at_entry(void *arg, const char *name)
{
	struct contents *l = arg;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	l->any |= aside_is(name);
	l->other |= !aside_is(name) && !marks_is_journal(name);
	return l->other;
}

/* Nothing is in it but what a commit would take away. */
static bool is_left_aside(int dir, const char *path)
{
	struct contents l = { false, false };
	int fd = sys_openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return false;
	fds_forget(fd);
	folder_each(fd, look_at_entry, &l);
	fds_forget(fd);
	sys_close(fd);
	return l.any && !l.other;
}

int unlinking_folder(int dir, const char *path)
{
	int err;

	if (!path || !names_may_be_aside() || !session_is_here())
		return NOT_OURS;
	err = (int)sys_call(SYS_unlinkat, dir, path, AT_REMOVEDIR);
	if ((err != -ENOTEMPTY && err != -EEXIST) || !is_left_aside(dir, path))
		return err;
	log_warn_once("%s: is removed, and with it files that were deleted in the transaction: that is committed before, and cannot be "
		      "rolled back any more", path);
	err = transaction_commit();
	return err ? err : (int)sys_call(SYS_unlinkat, dir, path, AT_REMOVEDIR);
}
