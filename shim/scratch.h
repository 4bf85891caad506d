/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private memory for the length of one call: what the kernel stores there never faults.
 *
 * Async-signal-safe, any thread, no lock.  Who is thrown out of its call (longjmp, cancellation) leaves its memory behind; of what was
 * not stored to that is addresses only.
 */
#ifndef BIGFILE_SCRATCH_H
#define BIGFILE_SCRATCH_H

#include <stddef.h>

/* Up to this size there is usually some left from the last time. */
#define SCRATCH_SIZE ((size_t)256 << 10)

/* Page-aligned, with anything in it; NULL: no memory. */
void *scratch_take(size_t size);
/* size is the one that was asked for. */
void scratch_give(void *p, size_t size);

#endif
