/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What system calls of this process are using of its windows: that stays within reach (reach.h).
 *
 * Addresses.  Window lock held.
 */
#ifndef BIGFILE_HELD_H
#define BIGFILE_HELD_H

#include "page.h"

void held_add(struct range at);
void held_remove(struct range at);
bool held_any(struct range at);
/* The first part of `at` that is held; an empty one at its end if there is none. */
struct range held_first(struct range at);
/* In the child of fork: the calls are the parent's. */
void held_forget(void);

#endif
