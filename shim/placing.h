/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the address space the segments of a view go.
 */
#ifndef BIGFILE_PLACING_H
#define BIGFILE_PLACING_H

#include "view.h"

/*
 * Engine thread, in whose table v->fd is.  The address where a window on [offset, offset + length) can be, in an existing segment or a new one.
 * want/flags: the address that the program asked for and its MAP_FIXED*, 0 if none.  -ENOTSUP: the program
 * demands an address that the view cannot have any more; -ENOMEM.
 */
int view_place(struct view *v, uint64_t offset, uint64_t length, uintptr_t want, int flags,
	       uintptr_t *at);

/* Engine thread, private views.  Makes segments for what of the file's [start, end) has none.  -ENFILE: too many would be needed. */
int view_show(struct view *v, uint64_t start, uint64_t end);

#endif
