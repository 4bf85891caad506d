/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening a marked file: what a crash left in its journal is redone first, so that nobody reads half of it.
 *
 * Costs a comparison of names for files that cannot be marked, one stat() for those that are.
 */
#include "interpose.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fileops.h"
#include "marks.h"
#include "opening.h"
#include "view.h"

#define HAS_MODE(flags) (((flags) & O_CREAT) || ((flags) & __O_TMPFILE) == __O_TMPFILE)

static int prepare(int dirfd, const char *path)
{
	return boot_is_active() && path ? opening_prepare(dirfd, path) : 0;
}

/*
 * Cutting a file that is mapped would take the transaction's pages with it: the cut is made in the transaction,
 * by the descriptor, once it is known which file that is.
 */
static int open_cutting(int dirfd, const char *path, int flags, mode_t mode)
{
	int fd = real(openat)(dirfd, path, flags & ~O_TRUNC, mode);

	if (fd >= 0 && ftruncate(fd, 0) && errno != EINVAL) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int open_any(int dirfd, const char *path, int flags, mode_t mode)
{
	int err = prepare(dirfd, path);

	if (err)
		return (int)to_errno(err);
	if ((flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY && boot_is_active() && view_any() &&
	    marks_may_match(path))
		return open_cutting(dirfd, path, flags, mode);
	return real(openat)(dirfd, path, flags, mode);
}

static mode_t mode_of(int flags, va_list args)
{
	return HAS_MODE(flags) ? va_arg(args, mode_t) : 0;
}

EXPORT int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_any(AT_FDCWD, path, flags, mode);
}
ALIAS(open64, open);

EXPORT int creat(const char *path, mode_t mode)
{
	return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
ALIAS(creat64, creat);

EXPORT int openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_any(dirfd, path, flags, mode);
}
ALIAS(openat64, openat);

EXPORT int __open_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}
ALIAS(__open64_2, __open_2);

EXPORT int __openat_2(int dirfd, const char *path, int flags);
EXPORT int __openat_2(int dirfd, const char *path, int flags)
{
	return open_any(dirfd, path, flags, 0);
}
ALIAS(__openat64_2, __openat_2);

EXPORT int truncate(const char *path, off_t size)
{
	int64_t done = prepare(AT_FDCWD, path);

	if (!done)
		done = boot_is_active() && view_any() ? fileops_truncate_path(path, size) : FILEOPS_NOT_OURS;
	return done == FILEOPS_NOT_OURS ? real(truncate)(path, size) : (int)to_errno(done);
}
ALIAS(truncate64, truncate);

EXPORT FILE *fopen(const char *path, const char *mode)
{
	int err = prepare(AT_FDCWD, path);

	if (err) {
		to_errno(err);
		return NULL;
	}
	return real(fopen)(path, mode);
}
ALIAS(fopen64, fopen);
