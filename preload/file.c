/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File operations on descriptors of marked files that are mapped: size, content, sync.
 *
 * As long as no marked file has a view, each is one test more than libc's.
 */
#include "interpose.h"

#include <fcntl.h>
#include <limits.h>

#include "fileops.h"
#include "view.h"

static bool may_concern_us(void)
{
	return boot_is_active() && view_any();
}

/* Tries the engine, falls back to the call that follows. */
#define ENGINE_OR(call, otherwise)                                          \
	int64_t done_ = may_concern_us() ? (call) : FILEOPS_NOT_OURS;       \
	return done_ == FILEOPS_NOT_OURS ? (otherwise) : (__typeof__(otherwise))to_errno(done_)

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	struct iovec iov = { (void *)buf, n };

	ENGINE_OR(fileops_write(fd, &iov, 1, -1), real(write)(fd, buf, n));
}

EXPORT ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
	struct iovec iov = { (void *)buf, n };

	ENGINE_OR(offset < 0 ? -EINVAL : fileops_write(fd, &iov, 1, offset),
		  real(pwrite)(fd, buf, n, offset));
}
ALIAS(pwrite64, pwrite);

EXPORT ssize_t writev(int fd, const struct iovec *iov, int count)
{
	ENGINE_OR(fileops_write(fd, iov, count, -1), real(writev)(fd, iov, count));
}

EXPORT ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t offset)
{
	ENGINE_OR(offset < 0 ? -EINVAL : fileops_write(fd, iov, count, offset),
		  real(pwritev)(fd, iov, count, offset));
}
ALIAS(pwritev64, pwritev);

EXPORT off_t lseek(int fd, off_t offset, int whence)
{
	ENGINE_OR(fileops_seek(fd, offset, whence), real(lseek)(fd, offset, whence));
}
ALIAS(lseek64, lseek);

EXPORT int ftruncate(int fd, off_t size)
{
	ENGINE_OR(fileops_truncate(fd, size), real(ftruncate)(fd, size));
}
ALIAS(ftruncate64, ftruncate);

EXPORT int fallocate(int fd, int mode, off_t offset, off_t length)
{
	ENGINE_OR(fileops_allocate(fd, mode, offset, length),
		  real(fallocate)(fd, mode, offset, length));
}
ALIAS(fallocate64, fallocate);

/* The one that returns its error. */
EXPORT int posix_fallocate(int fd, off_t offset, off_t length)
{
	int64_t done = may_concern_us() ? fileops_allocate(fd, 0, offset, length) : FILEOPS_NOT_OURS;

	return done == FILEOPS_NOT_OURS ? real(posix_fallocate)(fd, offset, length) : (int)-done;
}
ALIAS(posix_fallocate64, posix_fallocate);

EXPORT int fsync(int fd)
{
	ENGINE_OR(fileops_sync(fd), real(fsync)(fd));
}

EXPORT int fdatasync(int fd)
{
	ENGINE_OR(fileops_sync(fd), real(fdatasync)(fd));
}

static int fixed(int result, struct stat *st)
{
	if (!result && may_concern_us())
		fileops_fix_stat(st);
	return result;
}

EXPORT int fstat(int fd, struct stat *st)
{
	return fixed(real(fstat)(fd, st), st);
}

EXPORT int fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	return fixed(real(fstatat)(dirfd, path, st, flags), st);
}

EXPORT int stat(const char *path, struct stat *st)
{
	return fixed(real(stat)(path, st), st);
}

EXPORT int __fxstat(int version, int fd, struct stat *st);
EXPORT int __fxstat(int version, int fd, struct stat *st)
{
	return fixed(real(__fxstat)(version, fd, st), st);
}

/* struct stat64 is struct stat under another name. */
EXPORT int fstat64(int fd, struct stat64 *st)
{
	return fstat(fd, (struct stat *)st);
}

EXPORT int fstatat64(int dirfd, const char *path, struct stat64 *st, int flags)
{
	return fstatat(dirfd, path, (struct stat *)st, flags);
}

EXPORT int stat64(const char *path, struct stat64 *st)
{
	return stat(path, (struct stat *)st);
}

EXPORT int __fxstat64(int version, int fd, struct stat64 *st);
EXPORT int __fxstat64(int version, int fd, struct stat64 *st)
{
	return __fxstat(version, fd, (struct stat *)st);
}
