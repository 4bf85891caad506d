/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other calls by which the kernel reads memory of the program's choice (using.h): sockets, and streams of libc's own, which
 * write large pieces straight from where they are.
 */
#include "given.h"
#include "into.h"
#include "using.h"

#include <string.h>
#include <sys/socket.h>

EXPORT ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	struct iovec iov = { (void *)buf, n };

	LOADING(&iov, 1, real(send)(fd, buf, n, flags));
}

EXPORT ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *to, socklen_t length)
{
	struct iovec iov = { (void *)buf, n };

	to = GIVEN_BYTES(to, length);
	LOADING(&iov, 1, real(sendto)(fd, buf, n, flags, to, length));
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	bool any = boot_is_active() && view_any() && guard_can_read(msg, sizeof *msg);
	const struct iovec *iov = any ? msg->msg_iov : NULL;
	int count = any ? using_count(iov, msg->msg_iovlen) : 0;
	struct msghdr own;

	if (any) {
		own = *msg;
		own.msg_name = GIVEN_BYTES(own.msg_name, own.msg_namelen);
		own.msg_control = GIVEN_BYTES(own.msg_control, own.msg_controllen);
		msg = &own;
	}
	LOADING(iov, count, real(sendmsg)(fd, msg, flags));
}

/* One after the other where the kernel would tell their lengths, or read them, in a window. */
EXPORT int sendmmsg(int fd, struct mmsghdr *list, unsigned count, int flags)
{
	unsigned done = 0;

	if (!into_messages(list, count))
		return real(sendmmsg)(fd, list, count, flags);
	for (; done < count; done++) {
		struct msghdr msg;
		ssize_t n = buffers_fetch(&msg, &list[done].msg_hdr, sizeof msg) ? real(sendmsg)(fd, NULL, flags) : sendmsg(fd, &msg, flags);
		unsigned length = (unsigned)n;

		if (n < 0 || !into_store(&list[done].msg_len, &length, sizeof length))
			return done ? (int)done : -1;
	}
	return (int)done;
}

EXPORT size_t fwrite(const void *buf, size_t size, size_t n, FILE *stream)
{
	struct iovec iov = { (void *)buf, size * n };

	LOADING(&iov, 1, real(fwrite)(buf, size, n, stream));
}

#undef fwrite_unlocked /* <stdio.h> has a macro too */
EXPORT size_t fwrite_unlocked(const void *buf, size_t size, size_t n, FILE *stream)
{
	struct iovec iov = { (void *)buf, size * n };

	LOADING(&iov, 1, real(fwrite_unlocked)(buf, size, n, stream));
}

/* Its length is known only by reading it all, which brings it within reach. */
EXPORT int fputs(const char *text, FILE *stream)
{
	struct iovec iov = { (void *)text, in_window(text, 1) ? strlen(text) : 0 };

	LOADING(&iov, 1, real(fputs)(text, stream));
}

EXPORT int mlock(const void *addr, size_t length)
{
	struct iovec iov = { (void *)addr, length };

	LOADING(&iov, 1, real(mlock)(addr, length));
}

EXPORT int mlock2(const void *addr, size_t length, unsigned flags)
{
	struct iovec iov = { (void *)addr, length };

	LOADING(&iov, 1, real(mlock2)(addr, length, flags));
}
