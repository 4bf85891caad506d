/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handing over: the descriptors of a new file, for a participant that cannot fetch them yet.
 *
 * Participants open files from each other's tables (adopt.h), so whom they open from must live.  One that is stopped, or whose table is
 * full, comes later, and whoever has the file may have been killed by then, with the file's memory.  So it is sent the
 * descriptors, in a message to a socket of its own.  What lies in that lives as long as the receiver: the memory, with all that was
 * stored to it, and the lock on the journal, which keeps everybody else from recovering the file meanwhile.
 *
 * A socket that is full (net.unix.max_dgram_qlen), or cannot be had, leaves things as they would be without: see lost.h.
 *
 * Engine thread, session lock held, or its holder waits for us.
 */
#ifndef BIGFILE_HANDOVER_H
#define BIGFILE_HANDOVER_H

#include "shared.h"

/* Makes the socket, if there is none yet, and says in our slot where it is. */
void handover_open(void);
/* In the child of fork: it was the parent's. */
void handover_after_fork(void);

/* Sends what we have of v to all who have not taken it up. */
void handover_send(const struct view *v);

/* What was sent to us of this file, in our own table; NULL: nothing. */
const struct shared_place *handover_find(unsigned file);
/* It has been taken up: what was sent of it is not needed. */
void handover_taken(unsigned file);
/* Everything has been taken up: what was sent is not needed. */
void handover_drop(void);

#endif
