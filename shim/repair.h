/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a participant leaves that dies with the session lock in its hands: a commit whose record is in the journal and not in
 * the file, an abort half done, pages that were called clean, writers that were held.
 *
 * The journal decides, as after a crash of all: what it holds and the file does not is redone, and the file is as last committed.  The
 * memory of the views holds what was stored.  All of it counts as dirty, and the next commit compares.
 */
#ifndef BIGFILE_REPAIR_H
#define BIGFILE_REPAIR_H

/* Engine thread, session lock held. */
void repair_session(void);
/* Any thread, no lock held: has the engine thread do it. */
void repair_ask(void);

#endif
