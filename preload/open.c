/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening by name: what a crash left in the journal of a marked file is redone before anybody reads half of it,
 * and O_TRUNC cuts the file inside the transaction.
 *
 * Costs a comparison of names, and with O_TRUNC one stat(), for files that cannot be marked.
 */
#include "given.h"

#include <fcntl.h>
#include <stdarg.h>

#include "marks.h"
#include "open.h"
#include "opening.h"

#define HAS_MODE(flags) (((flags) & O_CREAT) || ((flags) & __O_TMPFILE) == __O_TMPFILE)

/* A new file has nothing to cut. */
static bool would_cut(int dirfd, const char *path, int flags)
{
	return (flags & O_TRUNC) && !((flags & O_CREAT) && (flags & O_EXCL)) && opening_may_be_ours(dirfd, path);
}

static int open_given(int dirfd, const char *path, int flags, mode_t mode)
{
	bool active = boot_is_active() && path, cut = active && would_cut(dirfd, path, flags);
	int now = cut ? flags & ~O_TRUNC : flags, err, fd;

	/* Before anything else is there that would be in its way. */
	if (active && (flags & O_CREAT))
		opening_to_create(dirfd, path);
	fd = real(openat)(dirfd, path, now, mode);
	if (fd < 0 && errno == ENOENT && active && opening_brings_back(dirfd, path))
		fd = real(openat)(dirfd, path, now, mode);
	fds_forget(fd);
	if (!active || fd < 0 || (flags & O_PATH) || (!cut && !marks_may_match(path)))
		return fd;
	err = opening_done(fd, cut);
	if (!err)
		return fd;
	real(close)(fd);
	return err == OPENING_AGAIN ? open_given(dirfd, path, flags, mode) : (int)to_errno(err);
}

int open_any(int dirfd, const char *path, int flags, mode_t mode)
{
	return open_given(dirfd, GIVEN_TEXT(path), flags, mode);
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
