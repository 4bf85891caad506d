/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading from descriptors and streams, and what else fills memory of the program's choice (into.h); sockets: receive.c. */
#include "into.h"
#include "using.h"

#include <stdio_ext.h>

static bool read_from_view(int fd, const struct iovec *iov, int count, off_t offset, ssize_t *result)
{
	int64_t done = MAY_READ(fd) ? fileops_read(fd, iov, count, offset) : FILEOPS_NOT_OURS;

	if (done == FILEOPS_NOT_OURS)
		return false;
	*result = (ssize_t)to_errno(done);
	return true;
}

static ssize_t get_read(const struct source *s, void *to, size_t n, size_t done)
{
	struct iovec iov = { to, n };

	if (s->flags)
		return real(preadv2)(s->fd, &iov, 1, s->offset < 0 ? s->offset : s->offset + (off_t)done, s->flags);
	return s->offset < 0 ? real(read)(s->fd, to, n) : real(pread)(s->fd, to, n, s->offset + (off_t)done);
}

static ssize_t read_into(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
	return into_from_any(&(struct source){ get_read, fd, flags, false, offset, NULL }, iov, count);
}

OTHERWISE ssize_t read_otherwise(int fd, void *buf, size_t n)
{
	struct iovec iov = { buf, n };
	ssize_t done;

	if (read_from_view(fd, &iov, 1, -1, &done))
		return done;
	return in_window(buf, n) ? read_into(fd, &iov, 1, -1, 0) : real(read)(fd, buf, n);
}

EXPORT ssize_t read(int fd, void *buf, size_t n)
{
	return using_nothing_to_read(fd, buf, n) ? real(read)(fd, buf, n) : read_otherwise(fd, buf, n);
}

OTHERWISE ssize_t pread_otherwise(int fd, void *buf, size_t n, off_t offset)
{
	struct iovec iov = { buf, n };
	ssize_t done;

	if (offset < 0)
		return real(pread)(fd, buf, n, offset);
	if (read_from_view(fd, &iov, 1, offset, &done))
		return done;
	return in_window(buf, n) ? read_into(fd, &iov, 1, offset, 0) : real(pread)(fd, buf, n, offset);
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
	return into_windows(iov, count) ? read_into(fd, iov, count, -1, 0) : real(readv)(fd, iov, count);
}

EXPORT ssize_t preadv(int fd, const struct iovec *iov, int count, off_t offset)
{
	ssize_t done;

	if (offset < 0)
		return real(preadv)(fd, iov, count, offset);
	if (read_from_view(fd, iov, count, offset, &done))
		return done;
	return into_windows(iov, count) ? read_into(fd, iov, count, offset, 0) : real(preadv)(fd, iov, count, offset);
}
ALIAS(preadv64, preadv);

EXPORT ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
	ssize_t done;

	if (read_from_view(fd, iov, count, offset, &done))
		return done;
	if (offset < -1 || !into_windows(iov, count))
		return real(preadv2)(fd, iov, count, offset, flags);
	return read_into(fd, iov, count, offset, flags);
}
ALIAS(preadv64v2, preadv2);

static ssize_t get_random(const struct source *s, void *to, size_t n, size_t done)
{
	return real(getrandom)(to, n, (unsigned)s->flags);
}

EXPORT ssize_t getrandom(void *buf, size_t n, unsigned flags)
{
	struct iovec iov = { buf, n };

	if (!in_window(buf, n))
		return real(getrandom)(buf, n, flags);
	return into_from(&(struct source){ get_random, -1, (int)flags, false, -1, NULL }, &iov, 1, true);
}

EXPORT int getentropy(void *buf, size_t n)
{
	return INTO_AGAIN(buf, n, real(getentropy)(buf, n));
}

static ssize_t get_arc4random(const struct source *s, void *to, size_t n, size_t done)
{
	real(arc4random_buf)(to, n);
	return (ssize_t)n;
}

/* It has no way to fail but to end the process. */
EXPORT void arc4random_buf(void *buf, size_t n);
EXPORT void arc4random_buf(void *buf, size_t n)
{
	struct iovec iov = { buf, n };

	if (!in_window(buf, n) || into_from(&(struct source){ .get = get_arc4random }, &iov, 1, false) != (ssize_t)n)
		real(arc4random_buf)(buf, n);
}

static ssize_t get_items(const struct source *s, void *to, size_t n, size_t done)
{
	return (ssize_t)(s->flags ? real(fread_unlocked)(to, 1, n, s->more) : real(fread)(to, 1, n, s->more));
}

/* libc copies what is less than the stream's buffer, and has the kernel store the rest. */
static bool stores_itself(const void *buf, size_t size, size_t n, FILE *stream)
{
	return !in_window(buf, size * n) || n > SIZE_MAX / size || size * n < __fbufsize(stream);
}

static size_t fread_into(void *buf, size_t size, size_t n, FILE *stream, bool unlocked)
{
	struct source s = { get_items, -1, unlocked, false, -1, stream };
	size_t done = 0, total = size * n;

	for (;;) {
		struct iovec iov = { (char *)buf + done, total - done < INTO_MOST ? total - done : INTO_MOST };
		ssize_t now = into_from(&s, &iov, 1, true);

		done += now < 0 ? 0 : (size_t)now;
		if (now < (ssize_t)iov.iov_len || done == total)
			return done / size;
	}
}

EXPORT size_t fread(void *buf, size_t size, size_t n, FILE *stream)
{
	return stores_itself(buf, size, n, stream) ? real(fread)(buf, size, n, stream) : fread_into(buf, size, n, stream, false);
}

#undef fread_unlocked /* <stdio.h> has a macro too */
EXPORT size_t fread_unlocked(void *buf, size_t size, size_t n, FILE *stream)
{
	return stores_itself(buf, size, n, stream) ? real(fread_unlocked)(buf, size, n, stream) : fread_into(buf, size, n, stream, true);
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

EXPORT size_t __fread_chk(void *buf, size_t room, size_t size, size_t n, FILE *stream);
EXPORT size_t __fread_chk(void *buf, size_t room, size_t size, size_t n, FILE *stream)
{
	if (size && n > room / size)
		__chk_fail();
	return fread(buf, size, n, stream);
}

EXPORT size_t __fread_unlocked_chk(void *buf, size_t room, size_t size, size_t n, FILE *stream);
EXPORT size_t __fread_unlocked_chk(void *buf, size_t room, size_t size, size_t n, FILE *stream)
{
	if (size && n > room / size)
		__chk_fail();
	return fread_unlocked(buf, size, n, stream);
}
