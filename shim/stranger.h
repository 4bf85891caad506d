/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Has a stranger been at the file?  Three cases:
 *  - nothing to redo: the question does not arise.
 *  - the same boot: the page cache still holds what was applied.  When the last record had been applied, a
 *    changed file is simply newer than the journal, and is only made durable; one that is older, and does not hold that record, has been
 *    brought back by a stranger, from a backup perhaps.  When no apply of it had
 *    begun, any difference to the recorded state is a stranger's.  When one had, our own stores explain
 *    a difference, unless it came long after the journal was last written: who writes to the file says so there as he goes (journal_beat).
 *    On a network file system it is the servers that hold it, whichever machine looks: every boot is this one; but servers
 *    may have lost what was applied, so that only a file that is newer than that is kept.
 *  - another boot: what of our stores had reached the disk is not known, but nothing of ours has touched the
 *    file since the machine started: a change after that is a stranger's.
 *
 * Recovery asks.  All answer 1, 0, or -errno: a guess would undo what others have done since, or leave undone what the power cut took.
 */
#ifndef BIGFILE_STRANGER_H
#define BIGFILE_STRANGER_H

#include <sys/stat.h>

#include "journal_scan.h"

/* Was the header written on this boot? */
int is_this_boot(const struct journal_header *h);
int stranger_was_here(int jfd, const struct journal_header *h, const struct journal_chain *chain, const struct stat *file);
/* Is the file older than what was applied to it, on this boot?  It may only have been given other times. */
int stranger_may_have_restored(int jfd, const struct journal_header *h, const struct journal_chain *chain, const struct stat *file);
/* Has the file been written since the journal was last, on this boot, although that says that there is nothing to be written? */
int stranger_came_later(int jfd, const struct journal_header *h, const struct stat *file);
/* Is what the journal holds in the file already, so that redoing it could only undo newer work? */
int is_only_unsynced(int jfd, const struct journal_header *h, const struct journal_chain *chain, const struct stat *file);

#endif
