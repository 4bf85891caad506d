/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Call stacks, by libunwind, which is loaded by dlopen when they are wanted, and only then.
 *
 * What libunwind does between init and step is async-signal-safe; it allocates by mmap alone.  Its own locks want one
 * caller at a time, and nobody in the middle at a fork: the caller sees to that, and blocks signals (guard.h).
 */
#ifndef BIGFILE_UNWIND_H
#define BIGFILE_UNWIND_H

#include <stdint.h>

/* While the program starts: no signal handler.  NULL, or why there are no stacks to be had. */
const char *unwind_load(void);

/*
 * The stack of the calling thread; context: as a signal handler gets it, then that of the interrupted code.  Innermost
 * first; inside the instruction that was interrupted or has called.  The number of frames.
 */
int unwind_stack(void *context, uint64_t *frames, int most);

#endif
