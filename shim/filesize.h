/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Size and allocation of marked files, as the program's calls change and see them.
 *
 * Any thread, no lock held.  Results as in fileops.h.
 */
#ifndef BIGFILE_FILESIZE_H
#define BIGFILE_FILESIZE_H

#include <linux/stat.h>

#include "fileops.h"

int64_t filesize_truncate(int fd, int64_t size);
/* Without a descriptor of the program's: opening and closing one would drop its POSIX locks on the file. */
int64_t filesize_truncate_path(const char *path, int64_t size);
/* Every mode of fallocate(2). */
int64_t filesize_allocate(int fd, int mode, int64_t offset, int64_t length);

/*
 * The program has given a file other times: notes that this was no stranger, and keeps times of long ago over the
 * commit.  path NULL: the file behind fd; else as for utimensat.
 */
void filesize_note_times(int fd, const char *path, int flags);

/* Put the logical size, and the time of the last change, into what the kernel has filled in. */
void filesize_fix_stat(struct stat *st);
void filesize_fix_statx(struct statx *stx);

#endif
