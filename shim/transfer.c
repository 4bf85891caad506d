/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See transfer.h. */
#include "transfer.h"

#include <poll.h>

#include "arena.h"
#include "session.h"
#include "shared.h"
#include "sys.h"

#define PIECE ((size_t)32 << 10) /* from the arena: the caller's stack may be small */
#define LARGEST_MOVE ((size_t)16 << 20)
#define ATOMIC_PIPE_WRITE 4096 /* a pipe that is ready takes so much without blocking */

/* One side of a transfer: reads or writes at its place, view or not. */
struct side {
	int fd;
	off_t *offset;
};

static int64_t read_side(const struct side *s, void *buf, size_t n)
{
	struct iovec iov = { buf, n };
	int64_t done = fileops_may_read(s->fd) ? fileops_read(s->fd, &iov, 1, s->offset ? *s->offset : -1) :
						 FILEOPS_NOT_OURS;

	if (done != FILEOPS_NOT_OURS)
		return done;
	return s->offset ? sys_pread(s->fd, buf, n, (uint64_t)*s->offset) : sys_read(s->fd, buf, n);
}

static int64_t write_side(const struct side *s, const void *buf, size_t n)
{
	struct iovec iov = { (void *)buf, n };
	int64_t done = fileops_may_change(s->fd) ?
			       fileops_write(s->fd, &iov, 1, s->offset ? *s->offset : -1, 0) : FILEOPS_NOT_OURS;

	if (done != FILEOPS_NOT_OURS)
		return done;
	return s->offset ? sys_pwrite(s->fd, buf, n, (uint64_t)*s->offset) : sys_write(s->fd, buf, n);
}

/* Where a transfer from s would begin; what is read and not written must not move the file offset. */
static int64_t begin_of(const struct side *s)
{
	return s->offset ? *s->offset : sys_lseek(s->fd, 0, SEEK_CUR);
}

/* Moves up to length bytes from a file to anything; stops at the end of the file and when less is taken. */
static int64_t move_by(char *buffer, struct side in, struct side out, size_t length)
{
	off_t from = (off_t)begin_of(&in);
	struct side source = { in.fd, &from };
	int64_t moved = 0, n, done = 0;

	if (from < 0)
		return from;
	if (length > LARGEST_MOVE)
		length = LARGEST_MOVE;
	while ((size_t)moved < length) {
		size_t want = length - (size_t)moved < PIECE ? length - (size_t)moved : PIECE;

		n = read_side(&source, buffer, want);
		done = n > 0 ? write_side(&out, buffer, (size_t)n) : n;
		if (done <= 0)
			break;
		from += done;
		moved += done;
		if (out.offset)
			*out.offset += done;
		if (done < n)
			break;
	}
	if (in.offset)
		*in.offset = from;
	else if (moved)
		sys_lseek(in.fd, from, SEEK_SET);
	return moved ? moved : done;
}

static int64_t move(struct side in, struct side out, size_t length)
{
	char *buffer = arena_alloc(PIECE);
	int64_t moved = buffer ? move_by(buffer, in, out, length) : -ENOMEM;

	arena_free(buffer, PIECE);
	return moved;
}

/* Is one of them the business of a view?  A source without view is the file itself. */
static bool concerns_us(int in, int out, int64_t *answer)
{
	IN_HAND struct view *source = NULL, *target = NULL;
	int flags;

	*answer = FILEOPS_NOT_OURS;
	if (fileops_may_read(in))
		source = fileops_read_view(in, answer);
	if (!source && *answer == FILEOPS_NOT_OURS && fileops_may_change(out))
		target = fileops_write_view(out, &flags, answer);
	return source || target;
}

/* What the kernel refuses first.  appending: the error for an output that appends. */
static int check_modes(int in, int out, int appending)
{
	int from = sys_fcntl(in, F_GETFL, 0), to = sys_fcntl(out, F_GETFL, 0);

	if (from < 0 || to < 0 || ((from | to) & O_PATH) || (from & O_ACCMODE) == O_WRONLY || (to & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	return to & O_APPEND ? appending : 0;
}

int64_t transfer_sendfile(int out, int in, off_t *offset, size_t length)
{
	int64_t answer;
	int err;

	if (!length || !concerns_us(in, out, &answer))
		return length ? answer : FILEOPS_NOT_OURS;
	err = check_modes(in, out, -EINVAL);
	return err ? err : move((struct side){ in, offset }, (struct side){ out, NULL }, length);
}

/* Nothing beyond the end is copied, and nothing onto itself. */
static int64_t clip(struct side in, struct side out, bool same, size_t length)
{
	int64_t from = begin_of(&in), to = begin_of(&out), size, answer;
	IN_HAND struct view *v = fileops_may_read(in.fd) ? fileops_read_view(in.fd, &answer) : NULL;
	struct stat st;
	int err = v ? 0 : sys_fstat(in.fd, &st);

	if (err || from < 0 || to < 0)
		return err ? err : -EINVAL;
	size = v ? (int64_t)shared_size(v) : st.st_size;
	length = from >= size ? 0 : min_u64(length, (uint64_t)(size - from));
	if (same && from < to + (int64_t)length && to < from + (int64_t)length)
		return -EINVAL;
	return (int64_t)length;
}

int64_t transfer_copy_range(int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags)
{
	struct side from = { in, in_offset }, to = { out, out_offset };
	struct stat a, b;
	int64_t answer;
	int err;

	if (!length || flags || !concerns_us(in, out, &answer))
		return length && !flags ? answer : FILEOPS_NOT_OURS;
	err = check_modes(in, out, -EBADF);
	if (err)
		return err;
	if (sys_fstat(in, &a) || sys_fstat(out, &b) || !S_ISREG(a.st_mode) || !S_ISREG(b.st_mode))
		return -EINVAL;
	answer = clip(from, to, a.st_dev == b.st_dev && a.st_ino == b.st_ino, min_u64(length, LARGEST_MOVE));
	return answer <= 0 ? answer : move(from, to, (size_t)answer);
}

/* What is taken out of a pipe cannot be put back: little at a time. */
static int64_t drain_by(char *buffer, int in, struct side out, size_t length)
{
	int64_t n = sys_read(in, buffer, length < PIECE ? length : PIECE), done = 0;

	for (int64_t put = n; done < n && put > 0;) {
		put = write_side(&out, buffer + done, (size_t)(n - done));
		if (put < 0)
			return done ? done : put;
		done += put;
		if (out.offset)
			*out.offset += put;
	}
	return n > 0 ? done : n;
}

static int64_t drain(int in, struct side out, size_t length)
{
	char *buffer = arena_alloc(PIECE);
	int64_t done = buffer ? drain_by(buffer, in, out, length) : -ENOMEM;

	arena_free(buffer, PIECE);
	return done;
}

static bool is_pipe(int fd)
{
	struct stat st;

	return !sys_fstat(fd, &st) && S_ISFIFO(st.st_mode);
}

static bool is_ready(int fd, short events)
{
	struct pollfd ready = { fd, events, 0 };
	struct timespec now = { 0, 0 };

	return sys_call(SYS_ppoll, &ready, 1, &now, NULL, 8) == 1;
}

int64_t transfer_splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags)
{
	bool never_wait = flags & 2 /* SPLICE_F_NONBLOCK */;
	int64_t answer;
	int err;

	if (!length || !concerns_us(in, out, &answer))
		return length ? answer : FILEOPS_NOT_OURS;
	err = check_modes(in, out, -EINVAL);
	if (err)
		return err;
	if (is_pipe(in)) {
		if (in_offset)
			return -ESPIPE;
		if (never_wait && !is_ready(in, POLLIN))
			return -EAGAIN;
		return drain(in, (struct side){ out, out_offset }, length);
	}
	if (!is_pipe(out))
		return -EINVAL;
	if (out_offset)
		return -ESPIPE;
	if (never_wait && !is_ready(out, POLLOUT))
		return -EAGAIN;
	if (never_wait && length > ATOMIC_PIPE_WRITE)
		length = ATOMIC_PIPE_WRITE;
	return move((struct side){ in, in_offset }, (struct side){ out, NULL }, length);
}
