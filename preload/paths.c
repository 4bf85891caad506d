/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that have to do with Bigfile only in that the path they are given, or another name, may lie in a window (given.h).
 */
#include "given.h"
#include "into.h"
#include "using.h"

#include <dirent.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

EXPORT int mkdir(const char *path, mode_t mode)
{
	return real(mkdir)(GIVEN_TEXT(path), mode);
}

EXPORT int mkdirat(int dir, const char *path, mode_t mode)
{
	return real(mkdirat)(dir, GIVEN_TEXT(path), mode);
}

EXPORT int mknod(const char *path, mode_t mode, dev_t device)
{
	return real(mknod)(GIVEN_TEXT(path), mode, device);
}

EXPORT int mknodat(int dir, const char *path, mode_t mode, dev_t device)
{
	return real(mknodat)(dir, GIVEN_TEXT(path), mode, device);
}

EXPORT int mkfifo(const char *path, mode_t mode)
{
	return real(mkfifo)(GIVEN_TEXT(path), mode);
}

EXPORT int mkfifoat(int dir, const char *path, mode_t mode)
{
	return real(mkfifoat)(dir, GIVEN_TEXT(path), mode);
}

/* What programs call that were built before mknod was a function. */
EXPORT int __xmknod(int version, const char *path, mode_t mode, dev_t *device);
EXPORT int __xmknod(int version, const char *path, mode_t mode, dev_t *device)
{
	return real(__xmknod)(version, GIVEN_TEXT(path), mode, device);
}

EXPORT int __xmknodat(int version, int dir, const char *path, mode_t mode, dev_t *device);
EXPORT int __xmknodat(int version, int dir, const char *path, mode_t mode, dev_t *device)
{
	return real(__xmknodat)(version, dir, GIVEN_TEXT(path), mode, device);
}

EXPORT int symlink(const char *content, const char *path)
{
	return real(symlink)(GIVEN_TEXT(content), GIVEN_TEXT(path));
}

EXPORT int symlinkat(const char *content, int dir, const char *path)
{
	return real(symlinkat)(GIVEN_TEXT(content), dir, GIVEN_TEXT(path));
}

EXPORT int chmod(const char *path, mode_t mode)
{
	return real(chmod)(GIVEN_TEXT(path), mode);
}

EXPORT int lchmod(const char *path, mode_t mode)
{
	return real(lchmod)(GIVEN_TEXT(path), mode);
}

EXPORT int fchmodat(int dir, const char *path, mode_t mode, int flags)
{
	return real(fchmodat)(dir, GIVEN_TEXT(path), mode, flags);
}

EXPORT int chown(const char *path, uid_t user, gid_t group)
{
	return real(chown)(GIVEN_TEXT(path), user, group);
}

EXPORT int lchown(const char *path, uid_t user, gid_t group)
{
	return real(lchown)(GIVEN_TEXT(path), user, group);
}

EXPORT int fchownat(int dir, const char *path, uid_t user, gid_t group, int flags)
{
	return real(fchownat)(dir, GIVEN_TEXT(path), user, group, flags);
}

EXPORT int chdir(const char *path)
{
	return real(chdir)(GIVEN_TEXT(path));
}

EXPORT int chroot(const char *path)
{
	return real(chroot)(GIVEN_TEXT(path));
}

EXPORT DIR *opendir(const char *path)
{
	return real(opendir)(GIVEN_TEXT(path));
}

EXPORT int statvfs(const char *restrict path, struct statvfs *restrict st)
{
	return real(statvfs)(GIVEN_TEXT(path), st);
}

EXPORT int statvfs64(const char *restrict path, struct statvfs64 *restrict st)
{
	return statvfs(path, (struct statvfs *)st);
}

EXPORT long pathconf(const char *path, int name)
{
	return real(pathconf)(GIVEN_TEXT(path), name);
}

EXPORT int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	return real(inotify_add_watch)(fd, GIVEN_TEXT(path), mask);
}

EXPORT int memfd_create(const char *name, unsigned flags)
{
	return real(memfd_create)(GIVEN_TEXT(name), flags);
}

EXPORT int setxattr(const char *path, const char *name, const void *value, size_t n, int flags)
{
	struct iovec iov = { (void *)value, n };

	path = GIVEN_TEXT(path);
	name = GIVEN_TEXT(name);
	LOADING(&iov, 1, real(setxattr)(path, name, value, n, flags));
}

EXPORT int lsetxattr(const char *path, const char *name, const void *value, size_t n, int flags)
{
	struct iovec iov = { (void *)value, n };

	path = GIVEN_TEXT(path);
	name = GIVEN_TEXT(name);
	LOADING(&iov, 1, real(lsetxattr)(path, name, value, n, flags));
}

EXPORT int fsetxattr(int fd, const char *name, const void *value, size_t n, int flags)
{
	struct iovec iov = { (void *)value, n };

	name = GIVEN_TEXT(name);
	LOADING(&iov, 1, real(fsetxattr)(fd, name, value, n, flags));
}

EXPORT int removexattr(const char *path, const char *name)
{
	return real(removexattr)(GIVEN_TEXT(path), GIVEN_TEXT(name));
}

EXPORT int lremovexattr(const char *path, const char *name)
{
	return real(lremovexattr)(GIVEN_TEXT(path), GIVEN_TEXT(name));
}

EXPORT int fremovexattr(int fd, const char *name)
{
	return real(fremovexattr)(fd, GIVEN_TEXT(name));
}
