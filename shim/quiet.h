/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is it quiet?  When the process has no thread besides the engine's and the one that waits for what the engine is
 * doing, nobody can store to a view until that is done.
 *
 * (What the kernel stores for a read that is under way, or another process by process_vm_writev, is noticed as ever
 * by the tracker, with the next commit; whether it is in this one the program had no way to tell anyway.)
 *
 * Engine thread.
 */
#ifndef BIGFILE_QUIET_H
#define BIGFILE_QUIET_H

#include <stdbool.h>

/* The engine works for a thread that waits, signals blocked; or does no longer. */
void quiet_asker(bool waits);
bool quiet_now(void);
/* In the child of fork: the descriptor was the parent's. */
void quiet_after_fork(void);

#endif
