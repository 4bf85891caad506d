/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine thread: everything that needs a descriptor of ours, or may be asked for from outside.
 *
 * It has a descriptor table of its own.  So no close(), closefrom() or dup2() of the program can hit our
 * descriptors, closing them drops none of the program's POSIX locks, the program never sees them, and
 * a forked child does not keep our locks alive.  It starts with the first marked file, masks all
 * signals, and answers the doorbell of the control page and the jobs of other threads.
 */
#ifndef BIGFILE_ENGINE_H
#define BIGFILE_ENGINE_H

#include <stdbool.h>

typedef int (*engine_fn)(void *arg);

/*
 * Runs fn(arg) in the engine thread, under the session lock, and returns what it returns.  Starts the
 * thread when there is none: -EAGAIN and the like when that fails, said in one line.  The caller holds no
 * lock; its signals are blocked while it waits.
 */
int engine_run(engine_fn fn, void *arg);
/* The same, but -ESRCH instead of starting the thread. */
int engine_run_if_started(engine_fn fn, void *arg);
bool engine_is_started(void);
/* What to do for another process that asks for CONTROL_SHARE and CONTROL_JOIN; set by join_start. */
extern int (*engine_on_share)(void);
extern int (*engine_on_join)(void);
/* In the child of fork: the thread and its descriptors are the parent's. */
void engine_after_fork(void);

#endif
