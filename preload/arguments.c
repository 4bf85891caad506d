/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that have to do with Bigfile only in that what they are given - an address, an option, a time, a set of signals, a message - may lie in a
 * window (given.h, using.h), and what some tell of before there, too (into.h).
 */
#include "given.h"
#include "into.h"
#include "using.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	return real(bind)(fd, GIVEN_BYTES(address, length), length);
}

EXPORT int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	return real(connect)(fd, GIVEN_BYTES(address, length), length);
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	return real(setsockopt)(fd, level, name, GIVEN_BYTES(value, length), length);
}

EXPORT int epoll_ctl(int fd, int operation, int other, struct epoll_event *event)
{
	return real(epoll_ctl)(fd, operation, other, GIVEN(event));
}

/* What is left of the time is told when a signal comes, often to where the time was read. */
static bool tell_left(struct timespec *to, const struct timespec *left)
{
	return to == NULL || into_store(to, left, sizeof *left);
}

EXPORT int nanosleep(const struct timespec *time, struct timespec *left)
{
	struct timespec own;
	int result;

	if (!in_window(left, sizeof *left))
		return real(nanosleep)(GIVEN(time), left);
	result = real(nanosleep)(GIVEN(time), &own);
	if (result == -1 && errno == EINTR && tell_left(left, &own))
		errno = EINTR;
	return result;
}

/* The one that returns its error. */
EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
	struct timespec own;
	int err, saved = errno;

	if (!in_window(left, sizeof *left))
		return real(clock_nanosleep)(clock, flags, GIVEN(time), left);
	err = real(clock_nanosleep)(clock, flags, GIVEN(time), &own);
	if (err == EINTR && !(flags & TIMER_ABSTIME) && !tell_left(left, &own))
		err = EFAULT;
	errno = saved;
	return err;
}

EXPORT int setitimer(__itimer_which_t which, const struct itimerval *restrict new, struct itimerval *restrict old)
{
	new = GIVEN(new);
	return INTO_ONCE(old, at, real(setitimer)(which, new, at));
}

EXPORT int timer_settime(timer_t timer, int flags, const struct itimerspec *restrict new, struct itimerspec *restrict old)
{
	new = GIVEN(new);
	return INTO_ONCE(old, at, real(timer_settime)(timer, flags, new, at));
}

EXPORT int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	new = GIVEN(new);
	return INTO_ONCE(old, at, real(timerfd_settime)(fd, flags, new, at));
}

EXPORT int sigwait(const sigset_t *restrict set, int *restrict sig)
{
	return real(sigwait)(GIVEN(set), sig);
}

EXPORT int sigsuspend(const sigset_t *mask)
{
	return real(sigsuspend)(GIVEN_MASK(mask));
}

EXPORT int signalfd(int fd, const sigset_t *set, int flags)
{
	return real(signalfd)(fd, GIVEN(set), flags);
}

EXPORT int semop(int id, struct sembuf *list, size_t count)
{
	return real(semop)(id, GIVEN_BYTES(list, count * sizeof *list), count);
}

EXPORT int semtimedop(int id, struct sembuf *list, size_t count, const struct timespec *timeout)
{
	return real(semtimedop)(id, GIVEN_BYTES(list, count * sizeof *list), count, GIVEN(timeout));
}

/* The type of the message lies before its bytes, and is not counted. */
EXPORT int msgsnd(int queue, const void *msg, size_t n, int flags)
{
	struct iovec iov = { (void *)msg, n + sizeof(long) };

	LOADING(&iov, 1, real(msgsnd)(queue, msg, n, flags));
}

EXPORT mqd_t mq_open(const char *name, int flags, ...)
{
	struct mq_attr *attributes;
	mode_t mode;
	va_list args;

	if (!(flags & O_CREAT))
		return real(mq_open)(GIVEN_TEXT(name), flags);
	va_start(args, flags);
	mode = va_arg(args, mode_t);
	attributes = va_arg(args, struct mq_attr *);
	va_end(args);
	return real(mq_open)(GIVEN_TEXT(name), flags, mode, GIVEN(attributes));
}

EXPORT int mq_unlink(const char *name)
{
	return real(mq_unlink)(GIVEN_TEXT(name));
}

EXPORT int mq_send(mqd_t queue, const char *msg, size_t n, unsigned priority)
{
	struct iovec iov = { (void *)msg, n };

	LOADING(&iov, 1, real(mq_send)(queue, msg, n, priority));
}

EXPORT int mq_timedsend(mqd_t queue, const char *msg, size_t n, unsigned priority, const struct timespec *until)
{
	struct iovec iov = { (void *)msg, n };

	until = GIVEN(until);
	LOADING(&iov, 1, real(mq_timedsend)(queue, msg, n, priority, until));
}
