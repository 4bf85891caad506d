/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking up the files of a shared session: what another participant has brought in becomes a view of this process.
 *
 * Every participant has all files of the session, mapped by its program or not, because each may be the one that commits.
 * Descriptors are opened from the tables of others.
 *
 * Engine thread; session lock held, or the one who holds it waits for us.  0 or -errno, said in one line.
 */
#ifndef BIGFILE_ADOPT_H
#define BIGFILE_ADOPT_H

#include "view.h"

/* All that are new. */
int adopt_all(void);
/* The descriptors of a file, for a view of it; *memory: of its memory. */
int adopt_descriptors(struct view *v, unsigned file, int *memory);

#endif
