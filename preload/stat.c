/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ways to learn a file's size: the kernel answers, and where a view knows better its size is put in.
 *
 * struct stat64 is struct stat under another name.  A file that a crash has left aside is there for who only asks, too.
 */
#include "given.h"
#include "into.h"

#include <fcntl.h>

#include "filesize.h"
#include "opening.h"

static int fixed(int result, void *st)
{
	if (!result && boot_is_active() && view_any())
		filesize_fix_stat(st);
	return result;
}

/* The call, which may be into a window (gawk's heap). */
#define ASKED(st, call) INTO_AGAIN(st, sizeof *(st), call)

/* The call that has had this result; made again when what it did not find comes back. */
#define FOUND(dirfd, path, call)                                                                                          \
	({                                                                                                                \
		int result_ = (call);                                                                                     \
		result_ && errno == ENOENT && boot_is_active() && opening_brings_back(dirfd, path) ? (call) : result_; \
	})

EXPORT int fstat(int fd, struct stat *st)
{
	int result = ASKED(st, real(fstat)(fd, st));

	return MAY_READ(fd) ? fixed(result, st) : result;
}

EXPORT int stat(const char *path, struct stat *st)
{
	path = GIVEN_TEXT(path);
	return fixed(FOUND(AT_FDCWD, path, ASKED(st, real(stat)(path, st))), st);
}

EXPORT int lstat(const char *path, struct stat *st)
{
	path = GIVEN_TEXT(path);
	return fixed(FOUND(AT_FDCWD, path, ASKED(st, real(lstat)(path, st))), st);
}

EXPORT int fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	path = GIVEN_TEXT(path);
	return fixed(FOUND(dirfd, path, ASKED(st, real(fstatat)(dirfd, path, st, flags))), st);
}

EXPORT int fstat64(int fd, struct stat64 *st)
{
	return fstat(fd, (struct stat *)st);
}

EXPORT int stat64(const char *path, struct stat64 *st)
{
	return stat(path, (struct stat *)st);
}

EXPORT int lstat64(const char *path, struct stat64 *st)
{
	return lstat(path, (struct stat *)st);
}

EXPORT int fstatat64(int dirfd, const char *path, struct stat64 *st, int flags)
{
	return fstatat(dirfd, path, (struct stat *)st, flags);
}

EXPORT int statx(int dirfd, const char *restrict path, int flags, unsigned mask, struct statx *restrict stx)
{
	bool ours = boot_is_active() && view_any();
	int result;

	path = GIVEN_TEXT(path);
	mask |= ours ? STATX_INO | STATX_TYPE : 0;
	result = FOUND(dirfd, path, ASKED(stx, real(statx)(dirfd, path, flags, mask, stx)));
	if (!result && ours)
		filesize_fix_statx(stx);
	return result;
}

/* What programs call that were built before the calls above were functions. */
#define OLD(name, ...)                                \
	EXPORT int name(int version, __VA_ARGS__);    \
	EXPORT int name(int version, __VA_ARGS__)

OLD(__fxstat, int fd, struct stat *st)
{
	return fixed(ASKED(st, real(__fxstat)(version, fd, st)), st);
}
ALIAS(__fxstat64, __fxstat);

OLD(__xstat, const char *path, struct stat *st)
{
	path = GIVEN_TEXT(path);
	return fixed(FOUND(AT_FDCWD, path, ASKED(st, real(__xstat)(version, path, st))), st);
}
ALIAS(__xstat64, __xstat);

OLD(__lxstat, const char *path, struct stat *st)
{
	path = GIVEN_TEXT(path);
	return fixed(FOUND(AT_FDCWD, path, ASKED(st, real(__lxstat)(version, path, st))), st);
}
ALIAS(__lxstat64, __lxstat);

OLD(__fxstatat, int dirfd, const char *path, struct stat *st, int flags)
{
	path = GIVEN_TEXT(path);
	return fixed(FOUND(dirfd, path, ASKED(st, real(__fxstatat)(version, dirfd, path, st, flags))), st);
}
ALIAS(__fxstatat64, __fxstatat);

EXPORT int faccessat(int dirfd, const char *path, int mode, int flags)
{
	path = GIVEN_TEXT(path);
	return FOUND(dirfd, path, real(faccessat)(dirfd, path, mode, flags));
}

EXPORT int access(const char *path, int mode)
{
	path = GIVEN_TEXT(path);
	return FOUND(AT_FDCWD, path, real(access)(path, mode));
}

EXPORT int euidaccess(const char *path, int mode)
{
	path = GIVEN_TEXT(path);
	return FOUND(AT_FDCWD, path, real(euidaccess)(path, mode));
}
ALIAS(eaccess, euidaccess);
