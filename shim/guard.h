/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Touching the real file's pages without dying of it.
 *
 * A page of a shared file mapping that cannot be had - the disk is full or failing, somebody cut the
 * file - is a SIGBUS.  Inside guard_run that becomes -EIO.
 *
 * For the engine thread only, whose signal mask is known.  fn takes no locks and calls nothing that does: it is
 * left in the middle.
 */
#ifndef BIGFILE_GUARD_H
#define BIGFILE_GUARD_H

#include <stdbool.h>

int guard_run(void (*fn)(void *arg), void *arg);

/* From the SIGBUS handler: does not return when the fault happened inside guard_run. */
void guard_catch(void);

#endif
