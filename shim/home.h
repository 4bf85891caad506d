/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The home of a view: the marked file itself, to compare with and to apply to.  Nothing else in the engine changes a marked file,
 * except recovery.
 *
 * It is written by system calls, and read by them where few pages are compared: a fault costs more than a call, and what is stored through a
 * mapping has the whole folio written later.  Besides it is mapped MAP_SHARED and writable, for what calls cannot do; one that is leased (lease.h)
 * for reading only, for it is only changed through the descriptor that holds the lock.
 *
 * Engine thread, under the session lock.  0 or -errno.
 */
#ifndef BIGFILE_HOME_H
#define BIGFILE_HOME_H

#include "rangelist.h"
#include "view.h"

/* Makes v->home reach over the file's first `size` bytes. */
int home_map(struct view *v, uint64_t size);

/* Learns v->largest from v->fd. */
void home_learn_largest(struct view *v);

/* What the file holds: not beyond its end. */
int home_read(const struct view *v, uint64_t offset, void *to, uint64_t length);

/* The same through the mapping, where that costs less: in chunks (2 MiB) of many pages that are compared.  NULL: read it.  Inside guard_run. */
const uint8_t *home_look(struct view *v, uint64_t offset, uint64_t length);

/*
 * Finds out now whether applying could fail for want of space: allocates the holes under the logged ranges (file
 * offsets, page borders) and checks the size limits.  The file's content and size stay as they are.
 * *allocated tells whether anything was done to it.
 */
int home_reserve(struct view *v, const struct range_list *logged, bool *allocated);

/*
 * Applies the record that was just sealed: sizes first, then its ranges.  Idempotent.  One that has been written to the disk as it came would have
 * to be read again; with `exact`, the bytes of its ranges, they are taken out of the view, piece by piece, each of which is kept from being stored
 * to and seen to be clean first, so that nothing but the record gets into the file.
 */
int home_apply(struct view *v, const struct range_list *exact);

#endif
