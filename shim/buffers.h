/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that a system call is about to use, where that is a window: the kernel answers EFAULT where a program's own
 * access would have been served.  What it is to store goes through memory of ours (scratch.h), and from there by ordinary stores.
 *
 * Any thread, no lock held.
 */
#ifndef BIGFILE_BUFFERS_H
#define BIGFILE_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>

/* Does the program's own right to store allow that at p?  Where there is no view, it may. */
bool buffers_may_store(const void *p);
/* Copies into memory that may be a window, or anything.  Waits until the gate is open.  -EFAULT: as the kernel says. */
int buffers_store(void *to, const void *from, size_t length);
/* The other way. */
int buffers_fetch(void *to, const void *from, size_t length);

/* Stores to each page of it what is there, so that the kernel can store to it as well: until the next commit.  -EFAULT as above. */
int buffers_open(const void *p, size_t length);

/* The kernel, or code that we do not see, reads there: it is within reach until buffers_after, when the call has returned. */
void buffers_before_load(const void *p, size_t length);
void buffers_after(const void *p, size_t length);

#endif
