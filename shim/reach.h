/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reach: which pages of a large shared file this process can touch.
 *
 * At first none: they are PROT_NONE.  The first touch faults, the thread loads what is missing (loading.h) and opens it, as
 * much at a time as the way of the faults before lets expect.  Everything within reach is loaded.  What
 * is loaded leaves again only when all processes have put it out of reach (reclaim.h).
 *
 * The kernel does not fault for a program: what a system call is to use is held within reach (holding.h).
 *
 * Async-signal-safe.  0 or -errno.
 */
#ifndef BIGFILE_REACH_H
#define BIGFILE_REACH_H

#include "view.h"

enum reach_answer {
	REACH_NO_MATTER, /* the page is within reach, or the view has no such thing */
	REACH_DONE,      /* now it is: touch it again */
	REACH_NO_WINDOW, /* the program has no right to touch it */
	REACH_FAILED,    /* the file cannot be read there */
};

/* Has this process a view of which something may be out of reach?  Set for good with the first. */
extern bool reach_any;

/* Window lock held, before the segments map the memory: nothing of a large file is within reach. */
void reach_begin(struct view *v);

/* Window lock held: `at`, which is loaded, is within reach, or about to be.  0 or -ENOMEM. */
int reach_note(struct view *v, const struct segment *s, struct range at);

/* A thread has faulted at `page`.  No lock held, but any may be by others. */
enum reach_answer reach_fault(struct view *v, uint64_t page);

/* Brings `at` within reach, as far as there are windows that can be read. */
int reach_bring(struct view *v, struct range at);

/* As madvise for what comes: of what is loaded when it is touched, no more than may stay.  touch: have pages of it. */
int reach_populate(struct view *v, struct range at, bool touch);

/*
 * Puts out of reach what reclaim has chosen, but for what a system call is using: that is loaded for good, for now.  -ENOMEM:
 * nothing may leave.
 */
int reach_leave(struct view *v);

/* Session lock held.  As long as this process took no part, content may have left without its knowing. */
void reach_look_again(struct view *v);

/* Session lock held, the gate closed: this process leaves, and will not be asked. */
void reach_nothing(struct view *v);

#endif
