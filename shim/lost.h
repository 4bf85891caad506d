/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lost files: files of the session that only processes had which were killed, and that were not handed over (handover.h).
 *
 * What the transaction holds of such a file has gone with its memory.  So the transaction can be committed no more, in no file, but it
 * can be rolled back: the file itself is as last committed.  Its journal stays for who opens it next, after what it
 * is in doubt about was settled: the records of the session's other journals answer for that now, and not for ever.
 *
 * Engine thread, session lock held.
 */
#ifndef BIGFILE_LOST_H
#define BIGFILE_LOST_H

#include <stdbool.h>

/* Files that were coming or being given up: those that somebody still has stay, and of the others nothing is missing. */
void lost_settle_files(void);

/* The journals of lost files are in doubt about nothing.  0 or -errno. */
int lost_settle_journals(void);

/* For an abort: lost files leave the session.  False: there is none; or the journal of one cannot be
   settled, or one that is stopped may yet take it up, which is said. */
bool lost_drop(void);

#endif
