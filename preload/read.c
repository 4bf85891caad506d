/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls by which the kernel, or libc, stores into memory of the program's choice: using.h. */
#include "using.h"

static bool read_from_view(int fd, const struct iovec *iov, int count, off_t offset, ssize_t *result)
{
	int64_t done = MAY_READ(fd) ? fileops_read(fd, iov, count, offset) : FILEOPS_NOT_OURS;

	if (done == FILEOPS_NOT_OURS)
		return false;
	*result = (ssize_t)to_errno(done);
	return true;
}

OTHERWISE ssize_t read_otherwise(int fd, void *buf, size_t n)
{
	struct iovec iov = { buf, n };
	ssize_t done;

	if (read_from_view(fd, &iov, 1, -1, &done))
		return done;
	STORING(&iov, 1, real(read)(fd, buf, n));
}

EXPORT ssize_t read(int fd, void *buf, size_t n)
{
	return using_nothing_to_read(fd, buf, n) ? real(read)(fd, buf, n) : read_otherwise(fd, buf, n);
}

OTHERWISE ssize_t pread_otherwise(int fd, void *buf, size_t n, off_t offset)
{
	struct iovec iov = { buf, n };
	ssize_t done;

	if (offset >= 0 && read_from_view(fd, &iov, 1, offset, &done))
		return done;
	STORING(&iov, 1, real(pread)(fd, buf, n, offset));
}

EXPORT ssize_t pread(int fd, void *buf, size_t n, off_t offset)
{
	return using_nothing_to_read(fd, buf, n) ? real(pread)(fd, buf, n, offset) : pread_otherwise(fd, buf, n, offset);
}
ALIAS(pread64, pread);

EXPORT ssize_t readv(int fd, const struct iovec *iov, int count)
{
	ssize_t done;

	if (read_from_view(fd, iov, count, -1, &done))
		return done;
	STORING(iov, count, real(readv)(fd, iov, count));
}

EXPORT ssize_t preadv(int fd, const struct iovec *iov, int count, off_t offset)
{
	ssize_t done;

	if (offset >= 0 && read_from_view(fd, iov, count, offset, &done))
		return done;
	STORING(iov, count, real(preadv)(fd, iov, count, offset));
}
ALIAS(preadv64, preadv);

EXPORT ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
	ssize_t done;

	if (read_from_view(fd, iov, count, offset, &done))
		return done;
	STORING(iov, count, real(preadv2)(fd, iov, count, offset, flags));
}
ALIAS(preadv64v2, preadv2);

EXPORT ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	struct iovec iov = { buf, n };

	STORING(&iov, 1, real(recv)(fd, buf, n, flags));
}

EXPORT ssize_t recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *from, socklen_t *length)
{
	struct iovec iov = { buf, n };

	STORING(&iov, 1, real(recvfrom)(fd, buf, n, flags, from, length));
}

static ssize_t recvmsg_storing(int fd, struct msghdr *msg, int flags)
{
	STORING(msg->msg_iov, (int)msg->msg_iovlen, real(recvmsg)(fd, msg, flags));
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t done = recvmsg_storing(fd, msg, flags);

	/* A descriptor may have come along. */
	if (done >= 0 && msg->msg_controllen && boot_is_active())
		fds_forget_all();
	return done;
}

EXPORT ssize_t getrandom(void *buf, size_t n, unsigned flags)
{
	struct iovec iov = { buf, n };

	STORING(&iov, 1, real(getrandom)(buf, n, flags));
}

/* A large fread reads straight into the buffer. */
EXPORT size_t fread(void *buf, size_t size, size_t n, FILE *stream)
{
	struct iovec iov = { buf, size * n };

	STORING(&iov, 1, real(fread)(buf, size, n, stream));
}

/* The fortified names, with their checks. */
void __chk_fail(void) __attribute__((noreturn));

EXPORT ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
EXPORT ssize_t __read_chk(int fd, void *buf, size_t n, size_t size)
{
	if (n > size)
		__chk_fail();
	return read(fd, buf, n);
}

EXPORT ssize_t __pread_chk(int fd, void *buf, size_t n, off_t offset, size_t size);
EXPORT ssize_t __pread_chk(int fd, void *buf, size_t n, off_t offset, size_t size)
{
	if (n > size)
		__chk_fail();
	return pread(fd, buf, n, offset);
}
ALIAS(__pread64_chk, __pread_chk);

EXPORT ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags);
EXPORT ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags)
{
	if (n > size)
		__chk_fail();
	return recv(fd, buf, n, flags);
}

EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags, struct sockaddr *from,
			      socklen_t *length);
EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t size, int flags, struct sockaddr *from,
			      socklen_t *length)
{
	if (n > size)
		__chk_fail();
	return recvfrom(fd, buf, n, flags, from, length);
}

EXPORT size_t __fread_chk(void *buf, size_t room, size_t size, size_t n, FILE *stream);
EXPORT size_t __fread_chk(void *buf, size_t room, size_t size, size_t n, FILE *stream)
{
	if (size && n > room / size)
		__chk_fail();
	return fread(buf, size, n, stream);
}
