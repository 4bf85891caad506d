/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding the other processes of this user that have a marked file in use, and coming into one session with them.
 *
 * Whoever attaches a file looks through the control pages for others that have it.  Where one of the two writes, they
 * must share a transaction: the newcomer asks the other to make a session of its own, if it has none, and enters that; or,
 * when it has one itself, asks the other to come.  Of two that have each a session, one that is alone there moves into the other's
 * (moving.h).  Where neither is alone they stay apart: -EBUSY.
 *
 * Looking and entering are the engine's, asking is not: the one that is asked needs the session's lock, so the asker must hold none.
 *
 * Attaching is one process at a time (join_lock), so that no two miss each other.
 */
#ifndef BIGFILE_JOIN_H
#define BIGFILE_JOIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "control_page.h"

/* Once, at start: tells the engine whom to call. */
void join_start(void);

/* Any thread, no lock held; signals are blocked in between.  join_unlock takes what join_lock returned. */
int join_lock(void);
void join_unlock(int lock);
void join_after_fork(void);

struct join_request {
	uint32_t pid;
	enum control_op op;
};

/*
 * Engine thread, session lock held: the file is about to be attached, for writing or reading.  0 or -errno; or JOIN_ASK (3):
 * *request is to be asked first, then this once more.
 */
#define JOIN_ASK 3
int join_owners(dev_t dev, ino_t ino, bool write, struct join_request *request);
/* Any thread, between join_lock and join_unlock.  0, also when the other has ended, or -EBUSY and the like. */
int join_ask(const struct join_request *request);

#endif
