/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recovery of a file by its name, be it there or unlinked in a transaction that a crash has ended: then it is aside
 * (aside.h), and comes back or goes for good, before anything else is done with the name.
 *
 * Not for signal handlers.  0 or -errno.
 */
#ifndef BIGFILE_RESTORE_H
#define BIGFILE_RESTORE_H

#include "recover.h"

/* As recover_at.  path: any path of the file, or of its name aside.  JOURNAL_UNLINKED says that it was aside. */
int restore_file(const char *path, enum recover_mode mode, struct recovery *report);

/*
 * For who only reads, and need not have the right to write: he must not see a part of what a crash has left.  What he cannot recover he may read
 * all the same when it has all that was committed; otherwise -EACCES, report->awaited, until somebody has recovered it.  -EBUSY: a living process
 * has it; report->awaited: and is applying a commit just now, or recovers it.
 */
int restore_for_reading(const char *path, struct recovery *report);

/* The file's path, absolute, without links, be it there or not; name: PATH_MAX bytes. */
int restore_resolve(const char *path, char *name);

/* What has been recovered is durable, its journal still locked: when its deletion was committed the name aside goes.  path: it has this name. */
int restore_finish(const char *path, const struct stat *file, const struct recovery *report);

/* Is there a journal, other than an empty one where those stay (lease.h), or a file aside?  Two stats: for every open of a marked file.  path: absolute, without links. */
bool restore_is_needed(const char *path);

#endif
