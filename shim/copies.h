/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies: the pages of private views that the kernel has copied for stores. After a commit they hold what the file holds; they stay, for the next store
 * to such a page then costs a fault and no copy. Some are dropped, and what shows through is the file:
 *  - when they take more than BIGFILE_MEMORY;
 *  - of chunks (2 MiB of the file) at rest, which no commit was about for some seconds and some hundred commits. Each commit looks at every page that the page table has of a
 *    chunk that was ever stored to; at one that is dropped as a whole, page table and all, it need not look. This takes a quarter of the time that
 *    looking takes, at most: a small file, or one whose chunks are all stored to, loses nothing by it.
 *
 * Why nothing is lost: what is dropped was first kept from being stored to, and then seen to be clean; and a clean page of a view without an error
 * and without anything carried over is in the file. It is done at the end of a commit, when raw system calls may be refused a page for a moment as in the
 * rest of it, and first to what is at rest. The pages that this commit was about stay: what a raw system call or a device may be storing there
 * at this moment nobody would see.
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
void copies_end_commit(void);
/* v is given up. */
void copies_free(struct view *v);

#endif
