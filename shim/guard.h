/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Touching memory that may not be there without dying of it.
 *
 * A page of a shared file mapping that cannot be had - the disk is full or failing, somebody cut the
 * file - is a SIGBUS, a buffer that the program has made up is a SIGSEGV.  Inside guard_run either becomes -EIO.
 * One may run inside another, by a fault handler.
 *
 * For threads that block signals (lock.h), as the engine thread does: the mask is put back to that.  fn takes no locks and calls nothing that does: it is
 * left in the middle.
 */
#ifndef BIGFILE_GUARD_H
#define BIGFILE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int guard_run(void (*fn)(void *arg), void *arg);

/* memcpy inside guard_run. */
int guard_copy(void *to, const void *from, size_t length);
bool guard_can_read(uint64_t at);

/* From the SIGBUS and SIGSEGV handlers: does not return when the fault happened inside guard_run. */
void guard_catch(void);

#endif
