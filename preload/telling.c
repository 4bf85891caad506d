/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that tell something in memory of the program's choice, where that may be a window (into.h).  Most can be made again when the kernel
 * could not store there.  A child whose end was told, and the error of a socket, are told once only: that goes through our own memory.
 */
#include "into.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "buffers.h"
#include "scratch.h"

EXPORT int poll(struct pollfd *list, nfds_t count, int timeout)
{
	return INTO_AGAIN(list, count * sizeof *list, real(poll)(list, count, timeout));
}

EXPORT int ppoll(struct pollfd *list, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	return INTO_AGAIN(list, count * sizeof *list, real(ppoll)(list, count, timeout, mask));
}

EXPORT int epoll_wait(int fd, struct epoll_event *events, int room, int timeout)
{
	return INTO_AGAIN(events, (size_t)room * sizeof *events, real(epoll_wait)(fd, events, room, timeout));
}

EXPORT int epoll_pwait(int fd, struct epoll_event *events, int room, int timeout, const sigset_t *mask)
{
	return INTO_AGAIN(events, (size_t)room * sizeof *events, real(epoll_pwait)(fd, events, room, timeout, mask));
}

EXPORT ssize_t readlink(const char *restrict path, char *restrict buf, size_t n)
{
	return INTO_AGAIN(buf, n, real(readlink)(path, buf, n));
}

EXPORT ssize_t readlinkat(int dir, const char *restrict path, char *restrict buf, size_t n)
{
	return INTO_AGAIN(buf, n, real(readlinkat)(dir, path, buf, n));
}

/* What they made is taken back when it could not be told. */
EXPORT int pipe(int ends[2])
{
	return INTO_AGAIN(ends, 2 * sizeof *ends, real(pipe)(ends));
}

EXPORT int pipe2(int ends[2], int flags)
{
	return INTO_AGAIN(ends, 2 * sizeof *ends, real(pipe2)(ends, flags));
}

EXPORT int socketpair(int domain, int type, int protocol, int ends[2])
{
	return INTO_AGAIN(ends, 2 * sizeof *ends, real(socketpair)(domain, type, protocol, ends));
}

typedef int (*address_fn)(int fd, struct sockaddr *address, socklen_t *length);

static int ask_address(address_fn ask, int fd, struct sockaddr *address, socklen_t *length)
{
	return INTO_AGAIN(address, into_room(length), ask(fd, address, length));
}

EXPORT int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length)
{
	return INTO_AGAIN(length, sizeof *length, ask_address(real(getsockname), fd, address, length));
}

EXPORT int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict length)
{
	return INTO_AGAIN(length, sizeof *length, ask_address(real(getpeername), fd, address, length));
}

static int option_into(int fd, int level, int name, void *value, socklen_t *length)
{
	socklen_t room = *length, n = room;
	char *own = scratch_take(room);
	int result;

	if (!own) {
		errno = ENOMEM;
		return -1;
	}
	/* Some options read what is there. */
	buffers_fetch(own, value, room);
	result = real(getsockopt)(fd, level, name, own, &n);
	if (!result && !(into_store(value, own, n < room ? n : room) && into_store(length, &n, sizeof n)))
		result = -1;
	scratch_give(own, room);
	return result;
}

EXPORT int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict length)
{
	if (!into_is_told(value, length))
		return real(getsockopt)(fd, level, name, value, length);
	return option_into(fd, level, name, value, length);
}

static pid_t end_into(pid_t pid, int *status, int options, struct rusage *usage)
{
	struct rusage used;
	int own;
	pid_t child = real(wait4)(pid, &own, options, usage ? &used : NULL);

	if (child > 0 && ((status && !into_store(status, &own, sizeof own)) || (usage && !into_store(usage, &used, sizeof used))))
		return -1;
	return child;
}

EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
	return in_window(status, sizeof *status) ? end_into(pid, status, options, NULL) : real(waitpid)(pid, status, options);
}

EXPORT pid_t wait(int *status)
{
	return in_window(status, sizeof *status) ? end_into(-1, status, 0, NULL) : real(wait)(status);
}

EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	bool into = in_window(status, sizeof *status) || in_window(usage, sizeof *usage);

	return into ? end_into(pid, status, options, usage) : real(wait4)(pid, status, options, usage);
}

EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}

EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	siginfo_t own;
	int result;

	if (!in_window(info, sizeof *info))
		return real(waitid)(type, id, info, options);
	buffers_fetch(&own, info, sizeof own);
	result = real(waitid)(type, id, &own, options);
	return !result && !into_store(info, &own, sizeof own) ? -1 : result;
}

/* The fortified names, with their checks. */
void __chk_fail(void) __attribute__((noreturn));

EXPORT int __poll_chk(struct pollfd *list, nfds_t count, int timeout, size_t size);
EXPORT int __poll_chk(struct pollfd *list, nfds_t count, int timeout, size_t size)
{
	if (count > size / sizeof *list)
		__chk_fail();
	return poll(list, count, timeout);
}

EXPORT int __ppoll_chk(struct pollfd *list, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size);
EXPORT int __ppoll_chk(struct pollfd *list, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size)
{
	if (count > size / sizeof *list)
		__chk_fail();
	return ppoll(list, count, timeout, mask);
}

EXPORT ssize_t __readlink_chk(const char *path, char *buf, size_t n, size_t size);
EXPORT ssize_t __readlink_chk(const char *path, char *buf, size_t n, size_t size)
{
	if (n > size)
		__chk_fail();
	return readlink(path, buf, n);
}

EXPORT ssize_t __readlinkat_chk(int dir, const char *path, char *buf, size_t n, size_t size);
EXPORT ssize_t __readlinkat_chk(int dir, const char *path, char *buf, size_t n, size_t size)
{
	if (n > size)
		__chk_fail();
	return readlinkat(dir, path, buf, n);
}
