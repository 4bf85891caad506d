/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies: the pages of private views that the kernel has copied for stores. After a commit they hold what the file holds; they stay, for the next store
 * to such a page then costs a fault and no copy. When they take more than BIGFILE_MEMORY, some are dropped: what shows through is the file.
 *
 * Why nothing is lost: what is dropped was first kept from being stored to, and then seen to be clean; and a clean page of a view without an error
 * and without anything carried over is in the file. It is done at the end of a commit, by chunks (2 MiB of the file), first those that no commit of the
 * last seconds was about. The pages that this commit was about stay: what a raw system call or a device may be storing there at this moment
 * nobody would see.
 *
 * Engine thread, session lock.
 */
#ifndef BIGFILE_COPIES_H
#define BIGFILE_COPIES_H

#include "rangelist.h"
#include "view.h"

/* This commit has taken these pages (file offsets): some of them, or all that are left. */
void copies_note(struct view *v, const struct range_list *pages);
/* At the end of a commit. */
void copies_limit(void);
/* v is given up. */
void copies_free(struct view *v);

#endif
