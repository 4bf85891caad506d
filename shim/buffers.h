/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that a system call is about to use, where that is a window: the kernel answers EFAULT where a program's own
 * access would have been served.
 *
 * Any thread, no lock held.
 */
#ifndef BIGFILE_BUFFERS_H
#define BIGFILE_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>

#include "reach.h"

/* The kernel, or code that we do not see, stores there.  Waits until the gate is open. */
void buffers_before_store(const void *p, size_t length);
/* It was to store there, and has answered EFAULT, before it did anything: the same, and nothing is left that could be the reason. */
void buffers_refused_store(const void *p, size_t length);
/* It reads there.  Needed only when there is a view that is loaded when it is touched: ask buffers_may_be_absent first. */
void buffers_before_load(const void *p, size_t length);
/* The call has returned. */
void buffers_after(const void *p, size_t length);

static inline bool buffers_may_be_absent(void)
{
	return __builtin_expect(reach_any, false);
}

#endif
