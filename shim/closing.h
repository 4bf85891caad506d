/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Closing what the mprotect tracker has opened: piece by piece, and between two of them whoever waits for the window lock has it first, so
 * that nobody who stores is held up for long.
 *
 * Engine thread, without the window lock.  `at`: addresses in segment s, whose open pages are o.
 */
#ifndef BIGFILE_CLOSING_H
#define BIGFILE_CLOSING_H

#include "view.h"

/* Closes what is open, adds it to `closed`, and notes it as not open.  On error what is not in the list stays open in the books. */
int closing_collect(struct view *v, const struct segment *s, struct open_pages *o, struct range at, struct range_list *closed);

/* Closes it, and it stays noted.  The lock is held, by lock_take_blocked. */
int closing_freeze(struct view *v, const struct segment *s, struct open_pages *o, struct range at);

#endif
