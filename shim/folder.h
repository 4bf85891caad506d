/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in a folder, without malloc.
 *
 * Any thread; takes 4 KiB of the stack.
 */
#ifndef BIGFILE_FOLDER_H
#define BIGFILE_FOLDER_H

/* What it returns other than 0 ends the reading. */
typedef int (*folder_fn)(void *arg, const char *name);

/* Calls fn for each name in the open folder fd.  What fn returned last; 0 when the folder is empty or cannot be read on. */
int folder_each(int fd, folder_fn fn, void *arg);

#endif
