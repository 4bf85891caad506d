/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing to descriptors, and making it durable.
 *
 * A descriptor that is known to be plain costs two tests more than libc's.  Wherever it leads, the buffer may be a window: using.h.
 */
#include "using.h"

#include <stdarg.h>
#include <stdlib.h>

#include "names.h"

static bool write_to_view(int fd, const struct iovec *iov, int count, off_t offset, int flags, ssize_t *result)
{
	int64_t done = fileops_write(fd, iov, count, offset, flags);

	if (done == FILEOPS_NOT_OURS)
		return false;
	*result = (ssize_t)to_errno(done);
	return true;
}

OTHERWISE ssize_t write_otherwise(int fd, const void *buf, size_t n)
{
	struct iovec iov = { (void *)buf, n };
	ssize_t done;

	if (MAY_CHANGE(fd) && write_to_view(fd, &iov, 1, -1, 0, &done))
		return done;
	LOADING(&iov, 1, real(write)(fd, buf, n));
}

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	return using_nothing_to_write(fd, buf, n) ? real(write)(fd, buf, n) : write_otherwise(fd, buf, n);
}

OTHERWISE ssize_t pwrite_otherwise(int fd, const void *buf, size_t n, off_t offset)
{
	struct iovec iov = { (void *)buf, n };
	ssize_t done;

	if (offset >= 0 && MAY_CHANGE(fd) && write_to_view(fd, &iov, 1, offset, 0, &done))
		return done;
	LOADING(&iov, 1, real(pwrite)(fd, buf, n, offset));
}

EXPORT ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
	return using_nothing_to_write(fd, buf, n) ? real(pwrite)(fd, buf, n, offset) : pwrite_otherwise(fd, buf, n, offset);
}
ALIAS(pwrite64, pwrite);

EXPORT ssize_t writev(int fd, const struct iovec *iov, int count)
{
	ssize_t done;
	int known;

	if (MAY_CHANGE(fd) && write_to_view(fd, iov, count, -1, 0, &done))
		return done;
	known = using_count(iov, (size_t)count);
	LOADING(iov, known, real(writev)(fd, iov, count));
}

EXPORT ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	ssize_t done;
	int known;

	if (offset >= 0 && MAY_CHANGE(fd) && write_to_view(fd, iov, count, offset, 0, &done))
		return done;
	known = using_count(iov, (size_t)count);
	LOADING(iov, known, real(pwritev)(fd, iov, count, offset));
}
ALIAS(pwritev64, pwritev);

/* The one that takes -1 for the file offset. */
EXPORT ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
	ssize_t done;
	int known;

	if (offset >= -1 && MAY_CHANGE(fd) && write_to_view(fd, iov, count, offset, flags, &done))
		return done;
	known = using_count(iov, (size_t)count);
	LOADING(iov, known, real(pwritev2)(fd, iov, count, offset, flags));
}
ALIAS(pwritev64v2, pwritev2);

/* A folder may hold what was unlinked in the transaction. */
#define MAY_SYNC(fd) (MAY_READ(fd) || (boot_is_active() && names_may_be_aside()))

EXPORT int fsync(int fd)
{
	ENGINE_OR(MAY_SYNC(fd), fileops_sync(fd), real(fsync)(fd));
}

EXPORT int fdatasync(int fd)
{
	ENGINE_OR(MAY_SYNC(fd), fileops_sync(fd), real(fdatasync)(fd));
}

/* libc's own writes to the descriptor from inside. */
EXPORT int vdprintf(int fd, const char *format, va_list args)
{
	char *text;
	int length, done = 0;

	if (!MAY_CHANGE(fd))
		return real(vdprintf)(fd, format, args);
	length = vasprintf(&text, format, args);
	while (length >= 0 && done < length) {
		ssize_t n = write(fd, text + done, (size_t)(length - done));

		if (n < 0)
			break;
		done += (int)n;
	}
	if (length >= 0)
		free(text);
	return length >= 0 && done == length ? length : -1;
}

EXPORT int dprintf(int fd, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vdprintf(fd, format, args);
	va_end(args);
	return n;
}

EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list args);
EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list args)
{
	return MAY_CHANGE(fd) ? vdprintf(fd, format, args) : real(__vdprintf_chk)(fd, flag, format, args);
}

EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...);
EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = __vdprintf_chk(fd, flag, format, args);
	va_end(args);
	return n;
}
