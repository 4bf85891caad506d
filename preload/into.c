/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See into.h. */
#include "into.h"

#include <limits.h>
#include <string.h>

#include "buffers.h"
#include "guard.h"
#include "scratch.h"
#include "sys.h"

#define TOLD_MOST 65536

bool into_windows(const struct iovec *iov, int count)
{
	/* The kernel knows how to refuse a list that is none. */
	if (!boot_is_active() || !view_any() || count <= 0 || count > IOV_MAX || !guard_can_read(iov, (size_t)count * sizeof *iov))
		return false;
	for (int i = 0; i < count; i++) {
		if (in_window(iov[i].iov_base, iov[i].iov_len))
			return true;
	}
	return false;
}

static bool header_in_window(const struct msghdr *msg)
{
	return in_window(msg, sizeof *msg) || in_window(msg->msg_name, msg->msg_namelen) ||
	       in_window(msg->msg_control, msg->msg_controllen) || in_window(msg->msg_iov, msg->msg_iovlen * sizeof *msg->msg_iov);
}

/* One that cannot be read the kernel knows how to refuse, before it takes anything. */
bool into_message(const struct msghdr *msg)
{
	return boot_is_active() && view_any() && guard_can_read(msg, sizeof *msg) && msg->msg_iovlen <= IOV_MAX &&
	       guard_can_read(msg->msg_iov, msg->msg_iovlen * sizeof *msg->msg_iov) &&
	       (header_in_window(msg) || into_windows(msg->msg_iov, (int)msg->msg_iovlen));
}

bool into_messages(const struct mmsghdr *list, unsigned count)
{
	bool any = in_window(list, count * sizeof *list);

	for (unsigned i = 0; i < count && !any && boot_is_active() && view_any() && guard_can_read(&list[i], sizeof *list); i++)
		any = into_message(&list[i].msg_hdr);
	return any;
}

bool into_store(void *to, const void *from, size_t n)
{
	int err = buffers_store(to, from, n);

	if (err)
		errno = -err;
	return !err;
}

bool into_opens(const void *p, size_t n)
{
	return in_window(p, n) && !buffers_open(p, n);
}

void *into_own(void *p, void *own, void *before, size_t n)
{
	if (buffers_fetch(own, p, n))
		return p;
	memcpy(before, own, n);
	return own;
}

bool into_changed(void *p, const void *own, const void *before, size_t n)
{
	return !memcmp(own, before, n) || into_store(p, own, n);
}

socklen_t into_room(const socklen_t *length)
{
	socklen_t room = 0;

	return length && !buffers_fetch(&room, length, sizeof room) ? room : 0;
}

/* Nothing that is told this way is longer than TOLD_MOST: what is far from a window costs no look at the length. */
bool into_is_told(const void *p, const socklen_t *length)
{
	return in_window(length, sizeof *length) || (in_window(p, TOLD_MOST) && in_window(p, into_room(length)));
}

/* SIZE_MAX: more than a call can be asked for. */
static size_t total_of(const struct iovec *iov, int count)
{
	size_t total = 0;

	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > SSIZE_MAX - total)
			return SIZE_MAX;
		total += iov[i].iov_len;
	}
	return total < INTO_MOST ? total : INTO_MOST;
}

/* Moves n bytes between p and what lies `at` bytes behind the beginning of iov. */
static bool move(const struct iovec *iov, size_t at, char *p, size_t n, bool out)
{
	for (; n; iov++) {
		size_t part = at < iov->iov_len ? iov->iov_len - at : 0;
		char *there = (char *)iov->iov_base + at;

		at -= part ? at : iov->iov_len;
		if (part > n)
			part = n;
		if (part && !(out ? into_store(there, p, part) : !buffers_fetch(p, there, part)))
			return false;
		p += part;
		n -= part;
	}
	return true;
}

/* What of iov is stored to first, when that may not be; else NULL. */
static const struct iovec *forbidden(const struct iovec *iov, int count)
{
	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len)
			return buffers_may_store(iov[i].iov_base) ? NULL : &iov[i];
	}
	return NULL;
}

static ssize_t in_pieces(const struct source *s, const struct iovec *iov, size_t total, char *p, size_t piece)
{
	size_t done = 0;

	for (;;) {
		size_t asked = total - done < piece ? total - done : piece;
		ssize_t n = s->get(s, p, asked, done);
		size_t came = n < 0 ? 0 : (size_t)n < asked ? (size_t)n : asked;

		if (!move(iov, done, p, came, true))
			return -1;
		/* Of a message the call may tell a length that is more than it was asked for. */
		if (n < 0 || came < asked || done + came == total)
			return n < 0 && done ? (ssize_t)done : (ssize_t)done + n;
		done += came;
	}
}

ssize_t into_from(const struct source *s, const struct iovec *iov, int count, bool once)
{
	size_t total = total_of(iov, count), piece = once || total < SCRATCH_SIZE ? total : SCRATCH_SIZE;
	const struct iovec *bad = forbidden(iov, count);
	ssize_t result;
	char *p;

	if (bad)
		return s->get(s, bad->iov_base, bad->iov_len, 0);
	p = total == SIZE_MAX ? NULL : scratch_take(piece);
	if (!p) {
		errno = total == SIZE_MAX ? EINVAL : ENOMEM;
		return -1;
	}
	if (s->may_skip)
		move(iov, 0, p, total, false);
	result = in_pieces(s, iov, total, p, piece);
	scratch_give(p, piece);
	return result;
}

ssize_t into_from_any(const struct source *s, const struct iovec *iov, int count)
{
	struct stat st;

	return into_from(s, iov, count, sys_fstat(s->fd, &st) || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)));
}
