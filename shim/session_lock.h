/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The session lock: views, sizes, commit and abort, in this process and in the others that share its transaction.
 *
 * In a shared session it is two locks, taken in this order: the robust one in the session's memory, then the process's own
 * (rank 1 of lock.h).  Taking it copies the shared fields of all views from the session, releasing it copies them back.
 * Signals are blocked while it is held.
 *
 * Who waits for the shared one holds nothing, so that its process can always answer the participant that has
 * it.  The engine thread, which gives the answers, looks for questions while it waits.
 */
#ifndef BIGFILE_SESSION_LOCK_H
#define BIGFILE_SESSION_LOCK_H

#include <stdbool.h>
#include <stdint.h>

void session_lock_take(void);
void session_lock_release(void);
/* Any thread, no lock held: what the others of a shared session have done so far is in the views, which are then read without the lock. */
void session_lock_refresh(void);

/* The engine thread says that it is the one; am I? */
void session_lock_by_engine(void);
bool session_lock_is_engine(void);
/* Engine thread, between two questions: is a participant waiting for us?  Set by who answers. */
extern void (*session_lock_waiting)(void);
/*
 * A participant died with the lock.  Engine thread, lock held: puts right what it left.  Other threads call `ask`, no lock
 * held, which has the engine thread do it.  Set by who can.
 */
extern void (*session_lock_repair)(void);
extern void (*session_lock_ask_repair)(void);

/*
 * Engine thread, lock held: takes the lock of s too, before s is shared_current.  Released with the session lock.
 */
struct shared_session;
void session_lock_join(struct shared_session *s);
/* Engine thread: the opposite. */
void session_lock_unjoin(void);
/* Engine thread: the same with a session that there was before; its lock is free, and stays where it is. */
void session_lock_moved(void);
/* In the child of fork, whose parent holds it: it is free.  Returns the signal mask that releasing it would put back. */
uint64_t session_lock_after_fork(void);

#endif
