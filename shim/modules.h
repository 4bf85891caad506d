/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which objects the addresses of stacks lie in: /proc/self/maps is read when an address comes up that the last reading
 * did not know.
 *
 * Under the blame lock.
 */
#ifndef BIGFILE_MODULES_H
#define BIGFILE_MODULES_H

#include "blame_format.h"

void modules_note(struct blame *b, const uint64_t *frames, int depth);
/* In a forked child, whose blame is another. */
void modules_forget(void);

#endif
