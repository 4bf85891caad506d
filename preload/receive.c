/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Receiving: messages, what is told beside them, and queues.  What is taken comes once only, so nothing of it may go by way of a window
 * (into.h): neither its bytes, nor the address, the control data and the header that recvmsg(2) fills.
 */
#include "given.h"
#include "into.h"

#include <mqueue.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/socket.h>

#include "guard.h"
#include "scratch.h"
#include "sys.h"

static ssize_t get_message(const struct source *s, void *to, size_t n, size_t done)
{
	struct iovec iov = { to, n };
	struct msghdr *msg = s->more;

	msg->msg_iov = &iov;
	msg->msg_iovlen = 1;
	return real(recvmsg)(s->fd, msg, s->flags);
}

/* As the kernel: of an address no more than there is room for, and how long it is. */
static bool tell_beside(struct msghdr *msg, const struct msghdr *own)
{
	struct msghdr told = *msg;
	size_t name = own->msg_namelen < msg->msg_namelen ? own->msg_namelen : msg->msg_namelen;

	told.msg_namelen = msg->msg_name ? own->msg_namelen : msg->msg_namelen;
	told.msg_controllen = own->msg_controllen;
	told.msg_flags = own->msg_flags;
	return (!msg->msg_name || into_store(msg->msg_name, own->msg_name, name)) &&
	       into_store(msg->msg_control, own->msg_control, own->msg_controllen) && into_store(msg, &told, sizeof told);
}

static ssize_t receive_into(int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_storage name;
	struct msghdr own = *msg;
	struct source s = { get_message, fd, flags, flags & MSG_TRUNC, -1, &own };
	size_t room = msg->msg_control ? msg->msg_controllen : 0;
	ssize_t n;

	own.msg_name = msg->msg_name ? &name : NULL;
	if (own.msg_namelen > sizeof name && own.msg_namelen <= INT32_MAX)
		own.msg_namelen = sizeof name;
	own.msg_control = room ? scratch_take(room) : NULL;
	if (room && !own.msg_control) {
		errno = ENOMEM;
		return -1;
	}
	n = into_from(&s, msg->msg_iov, (int)msg->msg_iovlen, true);
	if (n >= 0 && !tell_beside(msg, &own))
		n = -1;
	if (room)
		scratch_give(own.msg_control, room);
	return n;
}

EXPORT ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	struct iovec iov = { buf, n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return in_window(buf, n) ? receive_into(fd, &msg, flags) : real(recv)(fd, buf, n, flags);
}

static ssize_t receive_from(int fd, void *buf, size_t n, int flags, struct sockaddr *from, socklen_t *length)
{
	struct iovec iov = { buf, n };
	struct msghdr msg = { .msg_name = from, .msg_namelen = from ? into_room(length) : 0, .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t done = receive_into(fd, &msg, flags);

	return done >= 0 && from && !into_store(length, &msg.msg_namelen, sizeof *length) ? -1 : done;
}

EXPORT ssize_t recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *from, socklen_t *length)
{
	if (into_is_told(from, length) || in_window(buf, n))
		return receive_from(fd, buf, n, flags, from, length);
	return real(recvfrom)(fd, buf, n, flags, from, length);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t done = into_message(msg) ? receive_into(fd, msg, flags) : real(recvmsg)(fd, msg, flags);

	/* A descriptor may have come along. */
	if (done >= 0 && msg->msg_controllen && boot_is_active())
		fds_forget_all();
	return done;
}

/* The kernel, too, looks at the time only when a message has come. */
static int receive_several(int fd, struct mmsghdr *list, unsigned count, int flags, const struct timespec *timeout)
{
	uint64_t end = UINT64_MAX;
	unsigned done = 0;

	if (timeout && !guard_can_read(timeout, sizeof *timeout)) {
		errno = EFAULT;
		return -1;
	}
	if (timeout)
		end = sys_now_ns(CLOCK_MONOTONIC) + (uint64_t)timeout->tv_sec * 1000000000 + (uint64_t)timeout->tv_nsec;
	while (done < count) {
		int later = done && (flags & MSG_WAITFORONE) ? MSG_DONTWAIT : 0;
		ssize_t n = recvmsg(fd, &list[done].msg_hdr, (flags & ~MSG_WAITFORONE) | later);
		unsigned length = (unsigned)n;

		if (n < 0 || !into_store(&list[done].msg_len, &length, sizeof length))
			return done ? (int)done : -1;
		done++;
		if (end != UINT64_MAX && sys_now_ns(CLOCK_MONOTONIC) >= end)
			break;
	}
	return (int)done;
}

EXPORT int recvmmsg(int fd, struct mmsghdr *list, unsigned count, int flags, struct timespec *timeout)
{
	int done;

	if (into_messages(list, count))
		return receive_several(fd, list, count, flags, timeout);
	done = INTO_ONCE(timeout, left, real(recvmmsg)(fd, list, count, flags, left));
	for (int i = 0; i < done && boot_is_active(); i++) {
		if (list[i].msg_hdr.msg_controllen) {
			fds_forget_all();
			break;
		}
	}
	return done;
}

/* The connection is taken, too, before the kernel stores whose it is. */
static int accept_into(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
	struct sockaddr_storage own;
	socklen_t room = *length, n = room > sizeof own && room <= INT32_MAX ? (socklen_t)sizeof own : room;
	int taken = real(accept4)(fd, (struct sockaddr *)&own, &n, flags);

	if (taken < 0)
		return taken;
	if (into_store(from, &own, n < room ? n : room) && into_store(length, &n, sizeof n))
		return taken;
	sys_close(taken);
	return -1;
}

EXPORT int accept(int fd, struct sockaddr *from, socklen_t *length)
{
	return into_is_told(from, length) ? accept_into(fd, from, length, 0) : real(accept)(fd, from, length);
}

EXPORT int accept4(int fd, struct sockaddr *from, socklen_t *length, int flags)
{
	return into_is_told(from, length) ? accept_into(fd, from, length, flags) : real(accept4)(fd, from, length, flags);
}

struct queue {
	const struct timespec *until;
	unsigned priority;
	long type;
};

static ssize_t get_queued(const struct source *s, void *to, size_t n, size_t done)
{
	struct queue *q = s->more;

	return q->until ? real(mq_timedreceive)(s->fd, to, n, &q->priority, q->until) : real(mq_receive)(s->fd, to, n, &q->priority);
}

static ssize_t queued_into(mqd_t queue, char *buf, size_t n, unsigned *priority, const struct timespec *until)
{
	struct queue q = { .until = until };
	struct iovec iov = { buf, n };
	ssize_t done = into_from(&(struct source){ get_queued, queue, 0, false, -1, &q }, &iov, 1, true);

	if (done >= 0 && priority)
		*priority = q.priority;
	return done;
}

EXPORT ssize_t mq_receive(mqd_t queue, char *buf, size_t n, unsigned *priority)
{
	return in_window(buf, n) ? queued_into(queue, buf, n, priority, NULL) : real(mq_receive)(queue, buf, n, priority);
}

EXPORT ssize_t mq_timedreceive(mqd_t queue, char *restrict buf, size_t n, unsigned *restrict priority, const struct timespec *restrict until)
{
	until = GIVEN(until);
	return in_window(buf, n) ? queued_into(queue, buf, n, priority, until) : real(mq_timedreceive)(queue, buf, n, priority, until);
}

static ssize_t get_typed(const struct source *s, void *to, size_t n, size_t done)
{
	const struct queue *q = s->more;
	ssize_t length = real(msgrcv)(s->fd, to, n - sizeof(long), q->type, s->flags);

	return length < 0 ? length : length + (ssize_t)sizeof(long);
}

/* The type of the message lies before its bytes, and is not counted. */
EXPORT ssize_t msgrcv(int queue, void *msg, size_t n, long type, int flags)
{
	struct iovec iov = { msg, n + sizeof(long) };
	struct queue q = { .type = type };
	ssize_t done;

	if (n > INTO_MOST - sizeof(long) || !in_window(msg, iov.iov_len))
		return real(msgrcv)(queue, msg, n, type, flags);
	done = into_from(&(struct source){ get_typed, queue, flags, false, -1, &q }, &iov, 1, true);
	return done < 0 ? done : done - (ssize_t)sizeof(long);
}

/* The fortified names, with their checks. */
void __chk_fail(void) __attribute__((noreturn));

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
