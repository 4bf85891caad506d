/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The size of files and the offsets in them: truncate, allocate, seek; and the two ioctls that concern either. */
#include "given.h"
#include "into.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "filesize.h"
#include "opening.h"

EXPORT off_t lseek(int fd, off_t offset, int whence)
{
	ENGINE_OR(MAY_READ(fd), fileops_seek(fd, offset, whence), real(lseek)(fd, offset, whence));
}
ALIAS(lseek64, lseek);

EXPORT int ftruncate(int fd, off_t size)
{
	ENGINE_OR(MAY_CHANGE(fd), filesize_truncate(fd, size), real(ftruncate)(fd, size));
}
ALIAS(ftruncate64, ftruncate);

EXPORT int truncate(const char *path, off_t size)
{
	int64_t done = FILEOPS_NOT_OURS;

	path = GIVEN_TEXT(path);
	if (boot_is_active() && opening_may_be_ours(AT_FDCWD, path)) {
		done = opening_prepare(AT_FDCWD, path);
		if (!done)
			done = filesize_truncate_path(path, size);
	}
	return done == FILEOPS_NOT_OURS ? real(truncate)(path, size) : (int)to_errno(done);
}
ALIAS(truncate64, truncate);

EXPORT int fallocate(int fd, int mode, off_t offset, off_t length)
{
	ENGINE_OR(MAY_CHANGE(fd), filesize_allocate(fd, mode, offset, length),
		  real(fallocate)(fd, mode, offset, length));
}
ALIAS(fallocate64, fallocate);

/* The one that returns its error. */
EXPORT int posix_fallocate(int fd, off_t offset, off_t length)
{
	int64_t done = MAY_CHANGE(fd) ? filesize_allocate(fd, 0, offset, length) : FILEOPS_NOT_OURS;

	return done == FILEOPS_NOT_OURS ? real(posix_fallocate)(fd, offset, length) : (int)-done;
}
ALIAS(posix_fallocate64, posix_fallocate);

/* Extents cannot be shared with memory; who wanted to clone copies instead. */
static bool is_clone_of_ours(int fd, unsigned long request, void *arg)
{
	IN_HAND struct view *target = NULL, *source = NULL;
	int64_t answer;
	int flags, from;

	if (request != FICLONE && request != FICLONERANGE)
		return false;
	if (MAY_CHANGE(fd))
		target = fileops_write_view(fd, &flags, &answer);
	from = request == FICLONE ? (int)(intptr_t)arg : (int)((struct file_clone_range *)arg)->src_fd;
	if (!target && MAY_READ(from))
		source = fileops_read_view(from, &answer);
	return target || source;
}

/* Of old requests the number does not tell how much they store. */
#define LEGACY_SIZE 64

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;
	size_t n;
	int result;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (boot_is_active() && arg && is_clone_of_ours(fd, request, arg)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (request == FIONREAD && arg && MAY_READ(fd)) {
		int64_t left = fileops_left(fd);

		if (left != FILEOPS_NOT_OURS) {
			*(int *)arg = left < INT32_MIN ? INT32_MIN : left > INT32_MAX ? INT32_MAX : (int)left;
			return 0;
		}
	}
	n = _IOC_SIZE(request) ? _IOC_SIZE(request) : LEGACY_SIZE;
	result = real(ioctl)(fd, request, arg);
	/* Most only read there, and it may be memory that the program may not store to. */
	if (result != -1 || errno != EFAULT || !in_window(arg, n) || !given_is_readable(arg, n))
		return result;
	return INTO_AGAIN(arg, n, real(ioctl)(fd, request, arg));
}
