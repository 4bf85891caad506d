/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a view holds data and where it is a hole: SEEK_DATA and SEEK_HOLE, so that a sparse file stays sparse for
 * who copies it in the middle of a transaction.
 */
#ifndef BIGFILE_HOLES_H
#define BIGFILE_HOLES_H

#include "view.h"

/*
 * The first offset from `offset` on that is data, or that is a hole; the end of the file counts as a hole.
 * -ENXIO: there is none.  Any thread, no lock held.
 */
int64_t holes_find(struct view *v, int64_t offset, bool hole);

#endif
