/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The times of files.  The kernel sets them; the engine must know that it was the program that did, for it knows by
 * them whether somebody else has changed the file.
 */
#include "given.h"

#include <fcntl.h>
#include <sys/time.h>
#include <utime.h>

#include "filesize.h"

static int noted(int result, int fd, const char *path, int flags)
{
	int saved = errno;

	if (!result && boot_is_active() && view_any())
		filesize_note_times(fd, path, flags);
	errno = saved;
	return result;
}

EXPORT int utime(const char *path, const struct utimbuf *times)
{
	path = GIVEN_TEXT(path);
	times = GIVEN(times);
	return noted(real(utime)(path, times), AT_FDCWD, path, 0);
}

EXPORT int utimes(const char *path, const struct timeval times[2])
{
	path = GIVEN_TEXT(path);
	times = GIVEN_BYTES(times, 2 * sizeof *times);
	return noted(real(utimes)(path, times), AT_FDCWD, path, 0);
}

EXPORT int lutimes(const char *path, const struct timeval times[2])
{
	path = GIVEN_TEXT(path);
	times = GIVEN_BYTES(times, 2 * sizeof *times);
	return noted(real(lutimes)(path, times), AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
}

EXPORT int futimes(int fd, const struct timeval times[2])
{
	times = GIVEN_BYTES(times, 2 * sizeof *times);
	return noted(real(futimes)(fd, times), fd, NULL, 0);
}

EXPORT int futimesat(int dirfd, const char *path, const struct timeval times[2])
{
	path = GIVEN_TEXT(path);
	times = GIVEN_BYTES(times, 2 * sizeof *times);
	return noted(real(futimesat)(dirfd, path, times), dirfd, path, 0);
}

EXPORT int futimens(int fd, const struct timespec times[2])
{
	times = GIVEN_BYTES(times, 2 * sizeof *times);
	return noted(real(futimens)(fd, times), fd, NULL, 0);
}

EXPORT int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
	path = GIVEN_TEXT(path);
	times = GIVEN_BYTES(times, 2 * sizeof *times);
	return noted(real(utimensat)(dirfd, path, times, flags), dirfd, path, flags);
}
