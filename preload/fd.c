/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors that come, go, and change their meaning: what was known of their numbers is forgotten (fds.h).
 *
 * Closing forgets before, because the number may have another owner right afterwards.
 */
#include "interpose.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>

#include "locks.h"
#include "open.h"

static int fresh(int fd)
{
	fds_forget(fd);
	return fd;
}

EXPORT int close(int fd)
{
	fds_forget(fd);
	return real(close)(fd);
}

EXPORT int close_range(unsigned first, unsigned last, int flags)
{
	fds_forget_range(first, last);
	return real(close_range)(first, last, flags);
}

EXPORT void closefrom(int first)
{
	fds_forget_range(first < 0 ? 0 : (unsigned)first, UINT32_MAX);
	real(closefrom)(first);
}

EXPORT int dup(int fd)
{
	return fresh(real(dup)(fd));
}

EXPORT int dup2(int old, int new)
{
	streams_before_dup(old, new);
	return fresh(real(dup2)(old, new));
}

EXPORT int dup3(int old, int new, int flags)
{
	streams_before_dup(old, new);
	return fresh(real(dup3)(old, new, flags));
}

EXPORT int fcntl(int fd, int command, ...)
{
	va_list args;
	void *arg;
	int result;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	result = locks_fcntl(fd, command, arg);
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? fresh(result) : result;
}
ALIAS(fcntl64, fcntl);

/* Makers of descriptors that open() does not see. */
EXPORT int mkstemp(char *template)
{
	return fresh(real(mkstemp)(template));
}
ALIAS(mkstemp64, mkstemp);

EXPORT int mkostemp(char *template, int flags)
{
	return fresh(real(mkostemp)(template, flags));
}
ALIAS(mkostemp64, mkostemp);

EXPORT int mkstemps(char *template, int suffix)
{
	return fresh(real(mkstemps)(template, suffix));
}
ALIAS(mkstemps64, mkstemps);

EXPORT int mkostemps(char *template, int suffix, int flags)
{
	return fresh(real(mkostemps)(template, suffix, flags));
}
ALIAS(mkostemps64, mkostemps);

EXPORT int shm_open(const char *name, int flags, mode_t mode)
{
	return fresh(real(shm_open)(name, flags, mode));
}

EXPORT int open_by_handle_at(int mount, struct file_handle *handle, int flags)
{
	return fresh(real(open_by_handle_at)(mount, handle, flags));
}

EXPORT int pidfd_getfd(int pidfd, int fd, unsigned flags);
EXPORT int pidfd_getfd(int pidfd, int fd, unsigned flags)
{
	return fresh(real(pidfd_getfd)(pidfd, fd, flags));
}
