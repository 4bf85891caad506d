/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The threads of this process that are loading something (loading.h), and a pause for them: before the load map is exchanged under
 * their hands, and before an exec ends them, for the thread that is left then bears the number of another.
 *
 * Async-signal-safe, but for loaders_pause.
 */
#ifndef BIGFILE_LOADERS_H
#define BIGFILE_LOADERS_H

#include <stdbool.h>

/* Around what nobody may be in the midst of; signals are blocked.  The thread that ends the process (gate.h) is not held up. */
void loaders_begin(void);
void loaders_end(void);

/* Engine thread.  None is at it when this returns true, and none begins.  False: one has not come to its end in two seconds. */
bool loaders_pause(void);
void loaders_go_on(void);

/* In the child of fork: they were its parent's. */
void loaders_after_fork(void);

#endif
