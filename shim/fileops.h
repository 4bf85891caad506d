/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File operations on descriptors of marked files.
 *
 * Reading looks into the view when there is one; without a view the file is the truth.  Changing makes the view, and so is
 * part of the transaction whether or not the file is ever mapped.  A file offset stays the kernel's,
 * shared as ever.
 *
 * Any thread, no lock held.  Each returns what the system call returns, or -errno; FILEOPS_NOT_OURS lets the caller
 * go to the kernel.
 */
#ifndef BIGFILE_FILEOPS_H
#define BIGFILE_FILEOPS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "fds.h"
#include "view.h"

#define FILEOPS_NOT_OURS INT64_MIN

/* Before anything else is asked: can the view have to do with reading, or with changing, through fd? */
static inline bool fileops_may_read(int fd)
{
	return view_any() && !fds_is_plain(fd);
}

static inline bool fileops_may_change(int fd)
{
	return !fds_is_plain(fd);
}

/*
 * The view, in hand, whose memory, not the file, is the truth for reading fd.  NULL: *answer is what the caller returns -
 * FILEOPS_NOT_OURS, or that nobody can tell.
 */
struct view *fileops_read_view(int fd, int64_t *answer);

/* The view to change through fd, in hand, and fd's flags as F_GETFL gives them; NULL as above. */
struct view *fileops_write_view(int fd, int *flags, int64_t *answer);

/* offset -1: at, and moving, the file offset.  flags: RWF_*. */
int64_t fileops_read(int fd, const struct iovec *iov, int count, int64_t offset);
int64_t fileops_write(int fd, const struct iovec *iov, int count, int64_t offset, int flags);
int64_t fileops_seek(int fd, int64_t offset, int whence);
int64_t fileops_sync(int fd);
/* FIONREAD: what is left between the file offset and the end. */
int64_t fileops_left(int fd);

#endif
