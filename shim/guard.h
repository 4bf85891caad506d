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

/* Is all of that there to be read?  It is looked at.  Any thread, whatever it blocks; a few nanoseconds for each page. */
bool guard_can_read(const void *p, size_t length);

/* From the SIGBUS and SIGSEGV handlers: does not return when the fault happened inside guard_run.  True: the thread may go on. */
bool guard_catch(void *context);

#endif
