/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor: what the kernel's calls alone take for a commit in the way of Bigfile's uffd tracker, by a program that keeps no books and
 * checks nothing.  No library that finds out with these calls what was stored can be faster.  It leaves the journal's content to nobody
 * and the file to the kernel's writeback, and begins with the file in small folios, all pages in the page table and all protected, which Bigfile
 * gets at in the course of its commits.
 *
 * One mapping, one thread.  0, or -1 and errno.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <stddef.h>

/* Maps it privately.  NULL and errno. */
char *floor_map(const char *path, size_t size);
/* From here on stores are noticed.  All pages should have been read. */
int floor_watch(void);
/* Looks, compares each page that was stored to with the file, writes a record and syncs it, writes the 8 bytes that differ into the file. */
int floor_commit(void);
/* Looks, and drops what was stored. */
int floor_abort(void);

#endif
