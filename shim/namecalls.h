/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rename and link as the program calls them, when they may concern marked files.
 *
 * What a crash left in the journal of a name is redone before the name means another file, or none; and what the
 * transaction holds is committed before a marked file loses its content that way.  Any thread, no lock held.  0, -errno, or
 * NOT_OURS for the caller to go to the kernel.
 */
#ifndef BIGFILE_NAMECALLS_H
#define BIGFILE_NAMECALLS_H

#include "session.h"

int namecalls_rename(int old_dir, const char *old, int new_dir, const char *new, unsigned flags);
int namecalls_link(int old_dir, const char *old, int new_dir, const char *new, int flags);

/* For unlinking.c.  The view of the file that has this name, in hand. */
struct view *namecalls_view_of(int dir, const char *path);
bool namecalls_may_be_marked(const char *path);
bool namecalls_is_marked(int dir, const char *path);
/*
 * Names change at once, contents with the next commit.  What takes the content of a marked file away - it is deleted,
 * or another takes its name - must not come before what the program has put elsewhere for it, or an abort would leave
 * neither: so that is committed first.  -errno: the kernel will not take the name away, or the commit failed.
 */
int namecalls_commit_before_loss(int dir, const char *path);
/*
 * Takes the session lock with the journal of v empty.  -errno, without the lock: what it holds cannot be made durable in its file, which
 * must keep its name then.
 */
int namecalls_lock_emptied(struct view *v);

#endif
