/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bits of a journal that turn over between a crash and the recovery. */
#ifndef CRASH_ROT_H
#define CRASH_ROT_H

#include <stdbool.h>
#include <stddef.h>

/* Turns one bit over, by chance (random()), in a byte of one of the folder's journals that is not zero.  False: there is none.  text: which. */
bool rot_a_bit(const char *folder, char *text, size_t size);

#endif
