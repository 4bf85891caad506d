/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program's locks on marked files.  What is to be done about them, and where: filelocks.h; everywhere else they are the kernel's. */
#include "into.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "filelocks.h"
#include "locks.h"

#define IS_LIMITED(fd) (boot_is_active() && filelocks_are_limited(fd))

static bool is_about_locks(int command)
{
	return command == F_SETLK || command == F_SETLKW || command == F_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW ||
	       command == F_OFD_GETLK;
}

int locks_fcntl(int fd, int command, void *arg)
{
	struct flock *lock = arg, limited;
	int result;

	if (!is_about_locks(command))
		return real(fcntl)(fd, command, arg);
	if (!lock || lock->l_len != 0 || !IS_LIMITED(fd))
		return INTO_ONCE(lock, at, real(fcntl)(fd, command, at));
	limited = *lock;
	limited.l_len = FILELOCKS_ALL;
	result = real(fcntl)(fd, command, &limited);
	if (result != -1 && (command == F_GETLK || command == F_OFD_GETLK)) {
		*lock = limited;
		lock->l_len = limited.l_len == FILELOCKS_ALL ? 0 : limited.l_len;
	}
	return result;
}

static int test(int fd, struct flock *lock)
{
	lock->l_type = F_RDLCK;
	if (locks_fcntl(fd, F_GETLK, lock) == -1)
		return -1;
	if (lock->l_type == F_UNLCK || lock->l_pid == getpid())
		return 0;
	errno = EACCES;
	return -1;
}

EXPORT int lockf(int fd, int command, off_t length)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = length };

	if (length != 0 || !IS_LIMITED(fd))
		return real(lockf)(fd, command, length);
	if (command == F_TEST)
		return test(fd, &lock);
	if (command == F_ULOCK)
		lock.l_type = F_UNLCK;
	else if (command != F_LOCK && command != F_TLOCK)
		return real(lockf)(fd, command, length);
	return locks_fcntl(fd, command == F_LOCK ? F_SETLKW : F_SETLK, &lock);
}
ALIAS(lockf64, lockf);

EXPORT int flock(int fd, int operation)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = FILELOCKS_ALL };

	if (!IS_LIMITED(fd))
		return real(flock)(fd, operation);
	if ((operation & ~LOCK_NB) == LOCK_UN)
		lock.l_type = F_UNLCK;
	else if ((operation & ~LOCK_NB) == LOCK_SH)
		lock.l_type = F_RDLCK;
	return real(fcntl)(fd, operation & LOCK_NB ? F_OFD_SETLK : F_OFD_SETLKW, &lock);
}
