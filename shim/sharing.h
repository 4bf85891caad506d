/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sharing a transaction: how a session of one becomes a session of several, and how a process leaves it.
 *
 * A private view is promoted when it must be shared: its memory is made and loaded, writers are held, the pages that
 * the kernel has copied are copied into it, and it is mapped where the private view was.  Nobody
 * sees an old byte, no store is lost.
 *
 * The functions are jobs, or called from such: engine thread, session lock held.  0 or -errno, said in one line.
 */
#ifndef BIGFILE_SHARING_H
#define BIGFILE_SHARING_H

#include "shared.h"

/* Once, at start: tells the lower layers whom to call. */
void sharing_start(void);

/* Makes a session of this process if it has a view and no session, and all views with a transaction shared.  arg unused. */
int sharing_begin(void *arg);
/* A session that another process can enter, whether we have a transaction or not. */
int sharing_offer(void);
/* Enters a session: fd in the table of thread tid of process pid. */
int sharing_enter(uint32_t pid, uint32_t tid, int fd);
/* A view that has just got a transaction, in a process that has a session: everybody takes it up. */
int sharing_add(struct view *v);
/* For moving.c: this process takes part; everybody takes up what it has; does anybody take part in s? */
void sharing_take_slot(struct shared_participant *me);
int sharing_tell_others(void);
bool sharing_is_living(const struct shared_session *s);

/* A slot for a child that is about to be forked; -1: none, or no session.  Session lock held, any thread. */
int sharing_expect_child(void);
/* In the child, its first sign of life. */
void sharing_child_lives(void);
/* In the child, which cannot take part: nobody need wait for it. */
void sharing_child_stays_out(void);
/* In the parent, no lock held: waits a moment until the child has its own descriptors. */
void sharing_await_child(int slot);
/* A job of the child's engine. */
int sharing_enter_child(void *arg);

/*
 * The process is ending, or is about to exec, and others are left: nobody stores here any more, and they go on without us.
 * ends: it is not an exec, and what it holds is let go (robust.h).  sharing_return undoes all but that.
 */
void sharing_leave(bool ends);
int sharing_return(void);
/* It cannot be taken back: this process has a copy, and commits nothing any more. */
void sharing_lose(struct view *v);

#endif
