/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checkpoints: make the file durable, so that the journal can be emptied.
 *
 * In the background when a journal has grown or has been idle; at once when a record finds no room or the
 * file is let go.  A checkpoint that fails is final: the kernel may have dropped the pages it could not write, and
 * would say "ok" the next time.  The journal then stays, for recovery to write them again, and the
 * view commits nothing any more.
 *
 * Engine thread, under the session lock.  0 or -errno.
 */
#ifndef BIGFILE_CHECKPOINT_H
#define BIGFILE_CHECKPOINT_H

#include "view.h"

/* Starts one for v if its journal has grown enough (or idle is set and it has records), and none is under way. */
void checkpoint_consider(struct view *v, bool idle);
/* Takes in the results of those that have ended. */
void checkpoint_reap(void);
/* Does one now, waiting for the one under way.  The journal is then empty on the disk too: none of its records is in doubt. */
int checkpoint_now(struct view *v);
/* In the background, of v. */
bool checkpoint_is_under_way(const struct view *v);
/*
 * Checkpoints of the companions of v, before its journal gets another path or goes, for that is the one they would ask.
 */
int checkpoint_companions(struct view *v);
/*
 * v's journal gets another path, or goes; it is empty: no roster need have it any more.  durably: its file goes too, and will not be found at the
 * name that rosters have.
 */
void checkpoint_forget(struct view *v, bool durably);
/* Replaces a journal whose sync failed, or whose roster is full. */
int checkpoint_renew_journal(struct view *v);
/* In the child of fork: one that is under way is the parent's. */
void checkpoint_after_fork(void);
/* Called by the background thread when it has ended; set by engine.c to ring its doorbell. */
extern void (*checkpoint_ended)(void);

#endif
