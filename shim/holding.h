/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What system calls are reading of windows, and may be for long: a write to a pipe that nobody reads.  It is within reach from before the
 * call until it has returned, whatever becomes of the view meanwhile: also when a private one becomes a shared one.
 *
 * 0 or -errno.
 */
#ifndef BIGFILE_HOLDING_H
#define BIGFILE_HOLDING_H

#include "view.h"

/* Any thread, no lock held: addresses of v. */
int holding_begin(struct view *v, struct range at);
void holding_end(struct range at);

/* Window lock held, v being about to map its memory.  Is there something held that is not loaded?  Its part of the file in *absent. */
bool holding_lacks(const struct view *v, struct range *absent);
/* And for what is held, `at`, or nothing, as it is mapped: may it stay within reach?  -EIO: it is not loaded. */
int holding_keep(struct view *v, const struct segment *s, struct range at);

#endif
