/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The logical size of a view: growing, shrinking, and taking both back.
 *
 * The file itself keeps its size until apply.  Session lock held.  0 or -errno.
 */
#ifndef BIGFILE_RESIZE_H
#define BIGFILE_RESIZE_H

#include "view.h"

/* What was beyond the new or the old size reads as zeros afterwards.  Shrinking: engine thread. */
int view_resize(struct view *v, uint64_t size);

/*
 * Abort: the committed size and, of islands and from file_end on, the committed content.  Pages beyond that stay, as zeros, for the
 * windows that look at them.
 */
int view_revert_size(struct view *v);

/*
 * Engine thread, before a new window is put at `at`: pages that an abort has kept beyond the end, and that no window
 * looks at any more, go.
 */
int view_drop_kept(struct view *v, struct range at);

#endif
