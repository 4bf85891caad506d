/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File operations on a marked file that has a view: they work on the view, so that reads see the
 * transaction, and writes and sizes belong to it.
 *
 * Any thread, no lock held.  Each returns what the system call returns, or -errno; FILEOPS_NOT_OURS lets the caller
 * go to the kernel.  A file offset stays the kernel's, shared as ever.
 */
#ifndef BIGFILE_FILEOPS_H
#define BIGFILE_FILEOPS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define FILEOPS_NOT_OURS INT64_MIN

/* offset -1: at, and moving, the file offset. */
int64_t fileops_read(int fd, const struct iovec *iov, int count, int64_t offset);
int64_t fileops_write(int fd, const struct iovec *iov, int count, int64_t offset);
int64_t fileops_seek(int fd, int64_t offset, int whence);
int64_t fileops_truncate(int fd, int64_t size);
/* Without a descriptor: opening and closing one would drop the program's POSIX locks on the file. */
int64_t fileops_truncate_path(const char *path, int64_t size);
int64_t fileops_allocate(int fd, int mode, int64_t offset, int64_t length);
int64_t fileops_sync(int fd);
/* Puts the logical size into st, which the kernel has filled in. */
void fileops_fix_stat(struct stat *st);

#endif
