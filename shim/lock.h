/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A futex lock that blocks signals while it is held.
 *
 * With signals blocked no handler of the program can run between lock and unlock and
 * come back for the same lock; and no cancellation point is passed.  SIGSEGV and SIGBUS
 * stay open: they are synchronous, and the engine's own handlers need them.
 *
 * Ranks, outermost first; a thread takes them in this order only:
 *   0  attach lock    join.c: one process at a time attaches
 *   1  session lock   views, sizes, commit, abort: may be held over disk I/O (session_lock.h: two in one)
 *   2  window lock    windows, protection, the gate: short, taken by the fault handler too;
 *                     whoever holds it touches no page of a view
 *   3  arena lock     inside arena.c
 */
#ifndef BIGFILE_LOCK_H
#define BIGFILE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct lock {
	uint32_t word; /* 0 free, 1 held, 2 held and somebody waits */
	uint64_t saved_mask; /* the holder's signal mask, kernel form */
};

#define LOCK_INIT { 0, 0 }

void lock_take(struct lock *l);
void lock_release(struct lock *l);
/* The same for who has blocked signals, and lets them in again. */
void lock_take_blocked(struct lock *l);
void lock_release_blocked(struct lock *l);
/* Holder: does anybody wait for it?  It may be that nobody does any more. */
bool lock_is_wanted(const struct lock *l);
/* Holder by lock_take_blocked, who takes it again and again: lets those who wait have it first. */
void lock_pass(struct lock *l);
/* In the child of fork, for a lock that the forking thread holds or nobody does. */
void lock_reset(struct lock *l);

/* Blocks everything but SIGSEGV, SIGBUS and libc's own for setuid(); returns the mask before, for signals_restore. */
uint64_t signals_block(void);
void signals_restore(uint64_t mask);
/* This thread's are blocked so, and never let in again: neither is a system call from here on. */
void signals_stay_blocked(void);

#endif
