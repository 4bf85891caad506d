/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rename, link, unlink as the program calls them, when they may concern marked files.
 *
 * What a crash left in the journal of a name is redone before the name means another file, or none; and what the
 * transaction holds is committed before a marked file loses its content that way.  Any thread, no lock held.  0, -errno, or NOT_OURS for the caller to go to the kernel.
 */
#ifndef BIGFILE_NAMECALLS_H
#define BIGFILE_NAMECALLS_H

#include "session.h"

int namecalls_rename(int old_dir, const char *old, int new_dir, const char *new, unsigned flags);
int namecalls_link(int old_dir, const char *old, int new_dir, const char *new, int flags);
/* A file that is unlinked is part of the transaction (removal.h). */
int namecalls_unlink(int dir, const char *path, int flags);
/* A folder in which nothing is left but such files: they are committed first. */
int namecalls_rmdir(int dir, const char *path);

#endif
