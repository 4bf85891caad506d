/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that tell something in memory of the program's choice, where that may be a window (into.h).  Most can be made again when the kernel
 * could not store there.  A child whose end was told, a signal, and the error of a socket, are told once only, and sets of descriptors are there
 * no more when one of them has been stored to: that goes through our own memory.
 */
#include "given.h"
#include "into.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
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
	timeout = GIVEN(timeout);
	mask = GIVEN_MASK(mask);
	return INTO_AGAIN(list, count * sizeof *list, real(ppoll)(list, count, timeout, mask));
}

EXPORT int epoll_wait(int fd, struct epoll_event *events, int room, int timeout)
{
	return INTO_AGAIN(events, (size_t)room * sizeof *events, real(epoll_wait)(fd, events, room, timeout));
}

EXPORT int epoll_pwait(int fd, struct epoll_event *events, int room, int timeout, const sigset_t *mask)
{
	mask = GIVEN_MASK(mask);
	return INTO_AGAIN(events, (size_t)room * sizeof *events, real(epoll_pwait)(fd, events, room, timeout, mask));
}

EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int room, const struct timespec *timeout, const sigset_t *mask)
{
	timeout = GIVEN(timeout);
	mask = GIVEN_MASK(mask);
	return INTO_AGAIN(events, (size_t)room * sizeof *events, real(epoll_pwait2)(fd, events, room, timeout, mask));
}

/* How much of a set the kernel uses, which reads no more than there are descriptors: when more are named than it holds, nobody else knows. */
static size_t set_size(int count)
{
	return count < 0 || count > FD_SETSIZE ? 0 : ((size_t)count + NFDBITS - 1) / NFDBITS * sizeof(fd_mask);
}

#define BY_SETS(call) \
	INTO_ONCE_OF(in, size, own_in, INTO_ONCE_OF(out, size, own_out, INTO_ONCE_OF(except, size, own_except, call)))

EXPORT int select(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict except, struct timeval *restrict timeout)
{
	size_t size = set_size(count);

	return BY_SETS(real(select)(count, own_in, own_out, own_except, timeout));
}

EXPORT int pselect(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict except,
		   const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
	size_t size = set_size(count);

	timeout = GIVEN(timeout);
	mask = GIVEN_MASK(mask);
	return BY_SETS(real(pselect)(count, own_in, own_out, own_except, timeout, mask));
}

EXPORT ssize_t readlink(const char *restrict path, char *restrict buf, size_t n)
{
	path = GIVEN_TEXT(path);
	return INTO_AGAIN(buf, n, real(readlink)(path, buf, n));
}

EXPORT ssize_t readlinkat(int dir, const char *restrict path, char *restrict buf, size_t n)
{
	path = GIVEN_TEXT(path);
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

EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
	return INTO_ONCE(status, at, real(waitpid)(pid, at, options));
}

EXPORT pid_t wait(int *status)
{
	return INTO_ONCE(status, at, real(wait)(at));
}

EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	return INTO_ONCE(status, at, INTO_ONCE(usage, used, real(wait4)(pid, at, options, used)));
}

EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}

EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	return INTO_ONCE(info, at, real(waitid)(type, id, at, options));
}

EXPORT int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict timeout)
{
	timeout = GIVEN(timeout);
	set = GIVEN(set);
	return INTO_ONCE(info, at, real(sigtimedwait)(set, at, timeout));
}

EXPORT int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
	set = GIVEN(set);
	return INTO_ONCE(info, at, real(sigwaitinfo)(set, at));
}

EXPORT int eventfd_read(int fd, eventfd_t *value)
{
	return INTO_ONCE(value, at, real(eventfd_read)(fd, at));
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
