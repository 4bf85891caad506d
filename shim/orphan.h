/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Orphans: what a process is left with of a shared view when it cannot take part in the transaction: a copy, its own.
 *
 * Session lock held, or in the child of fork before anything else runs there; signals blocked.
 */
#ifndef BIGFILE_ORPHAN_H
#define BIGFILE_ORPHAN_H

#include "view.h"

/*
 * 0, or -errno, said in one line: it cannot be copied, and must not be touched.  all_from_file: the others have given the file up, so
 * it holds all that the view did.
 */
int orphan_make(struct view *v, bool all_from_file);

#endif
