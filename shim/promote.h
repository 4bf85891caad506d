/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Promotion: a private view becomes a shared one, under the hands of threads that read and store.
 *
 * Engine thread, session lock held.  0 or -errno, said in one line; then the view is private as before.
 */
#ifndef BIGFILE_PROMOTE_H
#define BIGFILE_PROMOTE_H

#include "view.h"

int promote(struct view *v);

/* Maps the memory where v's segments are, which hold nothing that is not in it. */
void promote_segments(struct view *v);

#endif
