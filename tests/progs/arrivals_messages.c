/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See arrivals.c: what comes by message, and is gone from where it came when a call has failed. */
#include "arrivals.h"

#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>

#define SIZE 9000
#define LINE 3000 /* a terminal takes no longer ones */

static int ends[2], one;
static char bytes[SIZE];
static struct sockaddr_un address = { AF_UNIX, "sender" };
#define ADDRESS_LENGTH (offsetof(struct sockaddr_un, sun_path) + sizeof "sender")

static void sockets(int type)
{
	int on = 1;

	if (socketpair(AF_UNIX, type, 0, ends) || setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on))
		give_up("socketpair");
}

static void datagrams(void)
{
	sockets(SOCK_DGRAM);
	unlink(address.sun_path);
	if (bind(ends[1], (struct sockaddr *)&address, sizeof address))
		give_up("bind");
}

static void streams(void)
{
	sockets(SOCK_STREAM);
}

static void pipes(void)
{
	if (pipe(ends))
		give_up("pipe");
}

static void terminal(void)
{
	struct termios raw;

	if (openpty(&ends[1], &ends[0], NULL, NULL, NULL) || tcgetattr(ends[0], &raw))
		give_up("openpty");
	cfmakeraw(&raw);
	tcsetattr(ends[0], TCSANOW, &raw);
}

static void put_n(int round, size_t n)
{
	compose(round, bytes, n);
	if (write(ends[1], bytes, n) != (ssize_t)n)
		give_up("write");
}

static void put(int round)
{
	put_n(round, SIZE);
}

static void put_line(int round)
{
	put_n(round, LINE);
}

static void take_read(int round, char *to)
{
	check(round, to, SIZE, read(ends[0], to, SIZE + 1));
}

/* As much as there is already. */
static void take_line(int round, char *to)
{
	ssize_t done = 0, n;

	do {
		n = read(ends[0], to + done, (size_t)(LINE - done));
		done += n > 0 ? n : 0;
	} while (n > 0 && done < LINE);
	check(round, to, LINE, n < 0 ? n : done);
}

static void take_readv(int round, char *to)
{
	char beside[700];
	struct iovec iov[] = { { to, 100 }, { beside, sizeof beside }, { to + 100 + sizeof beside, SIZE } };
	ssize_t n = readv(ends[0], iov, 3);

	memcpy(to + 100, beside, sizeof beside);
	check(round, to, SIZE, n);
}

static void take_recv(int round, char *to)
{
	check(round, to, SIZE, recv(ends[0], to, SIZE, 0));
}

/* A signal, or a cancellation, ends a call that waits; what comes afterwards comes whole. */
static int silent[2];
static timer_t bell;

static void on_alarm(int sig)
{
}

static void silence(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };

	datagrams();
	event._sigev_un._tid = gettid();
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, silent) || timer_create(CLOCK_MONOTONIC, &event, &bell))
		give_up("socketpair");
}

/* The bell rings until it is heard: the first time may be before the call waits. */
static void take_interrupted(int round, char *to)
{
	timer_settime(bell, 0, &(struct itimerspec){ { 0, 20000000 }, { 0, 20000000 } }, NULL);
	if (recv(silent[0], to, SIZE, 0) != -1 || errno != EINTR)
		give_up("no EINTR");
	timer_settime(bell, 0, &(struct itimerspec){ { 0, 0 }, { 0, 0 } }, NULL);
	take_recv(round, to);
}

static void *wait_for_ever(void *to)
{
	recv(silent[0], to, SIZE, 0);
	return NULL;
}

static void take_after_cancelling(int round, char *to)
{
	pthread_t thread;
	void *result = NULL;

	if (pthread_create(&thread, NULL, wait_for_ever, to) || pthread_cancel(thread) || pthread_join(thread, &result) || result != PTHREAD_CANCELED)
		give_up("pthread_cancel");
	take_recv(round, to);
}

/* Of what is thrown away the length is told. */
static void take_truncated(int round, char *to)
{
	to[10] = '!';
	if (recv(ends[0], to, 10, MSG_PEEK | MSG_TRUNC) != SIZE || recv(ends[0], to, 10, MSG_TRUNC) != SIZE || to[10] != '!')
		give_up("MSG_TRUNC");
	check(round, to, 10, 10);
}

static void take_all(int round, char *to)
{
	check(round, to, SIZE, recv(ends[0], to, SIZE, MSG_WAITALL));
}

static void take_recvfrom(int round, char *to)
{
	struct sockaddr_un *from = (struct sockaddr_un *)(to + SIZE);
	socklen_t *length = (socklen_t *)(from + 1);

	*length = sizeof *from;
	check(round, to, SIZE, recvfrom(ends[0], to, SIZE, 0, (struct sockaddr *)from, length));
	if (*length != ADDRESS_LENGTH || strcmp(from->sun_path, "sender"))
		give_up("the sender's address");
}

struct head {
	struct msghdr msg;
	struct iovec iov[2];
	struct sockaddr_un from;
	char control[CMSG_SPACE(sizeof(struct ucred))];
};

static void prepare(struct head *h, char *to, char *beside)
{
	memset(h, 0, sizeof *h);
	h->iov[0] = (struct iovec){ to, 4000 };
	h->iov[1] = (struct iovec){ beside, SIZE };
	h->msg = (struct msghdr){ &h->from, sizeof h->from, h->iov, 2, h->control, sizeof h->control, 0 };
}

static void check_head(struct head *h)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(&h->msg);
	struct ucred *who = c ? (struct ucred *)CMSG_DATA(c) : NULL;

	if (h->msg.msg_namelen != ADDRESS_LENGTH || strcmp(h->from.sun_path, "sender"))
		give_up("the sender's address");
	if (!c || c->cmsg_type != SCM_CREDENTIALS || who->pid != getpid() || h->msg.msg_flags & MSG_CTRUNC)
		give_up("the sender's identity");
}

/* All that the call fills lies in the window. */
static void take_recvmsg(int round, char *to)
{
	struct head *h = (struct head *)(to + 2 * SIZE);
	char beside[SIZE];
	ssize_t n;

	prepare(h, to, beside);
	n = recvmsg(ends[0], &h->msg, MSG_CMSG_CLOEXEC);
	memcpy(to + 4000, beside, SIZE - 4000);
	check(round, to, SIZE, n);
	check_head(h);
}

static void put_twice(int round)
{
	put(round);
	put(round);
}

static void take_recvmmsg(int round, char *to)
{
	struct mmsghdr list[3];
	struct head h[3];
	int n, i;

	for (i = 0; i < 3; i++) {
		prepare(&h[i], to + i * 20000, to + i * 20000 + 4000);
		list[i].msg_hdr = h[i].msg;
	}
	n = recvmmsg(ends[0], list, 2, 0, NULL);
	for (i = 0; i < 2; i++) {
		check(round, to + i * 20000, SIZE, n == 2 ? (ssize_t)list[i].msg_len : -1);
		h[i].msg = list[i].msg_hdr;
		check_head(&h[i]);
	}
	put(round);
	if (recvmmsg(ends[0], list, 3, MSG_WAITFORONE, NULL) != 1)
		give_up("MSG_WAITFORONE");
}

/* A connection, and whose it is. */
static void listens(void)
{
	struct sockaddr_un here = { AF_UNIX, "listener" };

	unlink(here.sun_path);
	one = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(one, (struct sockaddr *)&here, sizeof here) || listen(one, 5))
		give_up("listen");
}

static void connects(int round)
{
	struct sockaddr_un there = { AF_UNIX, "listener" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) || connect(fd, (struct sockaddr *)&there, sizeof there) ||
	    write(fd, &round, sizeof round) != sizeof round)
		give_up("connect");
	close(fd);
}

static void take_connection(int round, char *to)
{
	struct sockaddr_un *from = (struct sockaddr_un *)to;
	socklen_t *length = (socklen_t *)(from + 1);
	int fd, told = 0;

	*length = sizeof *from;
	fd = accept(one, (struct sockaddr *)from, length);
	if (fd < 0 || read(fd, &told, sizeof told) != sizeof told || told != round || strcmp(from->sun_path, "sender"))
		give_up("accept");
	close(fd);
}

const struct kind messages[] = {
	{ "datagram-read", datagrams, put, take_read },
	{ "datagram-readv", datagrams, put, take_readv },
	{ "datagram-recv", datagrams, put, take_recv },
	{ "datagram-truncated", datagrams, put, take_truncated },
	{ "datagram-interrupted", silence, put, take_interrupted },
	{ "datagram-cancelled", silence, put, take_after_cancelling },
	{ "datagram-recvfrom", datagrams, put, take_recvfrom },
	{ "datagram-recvmsg", datagrams, put, take_recvmsg },
	{ "datagram-recvmmsg", datagrams, put_twice, take_recvmmsg },
	{ "stream-recv", streams, put, take_recv },
	{ "stream-all", streams, put, take_all },
	{ "pipe", pipes, put, take_read },
	{ "pipe-readv", pipes, put, take_readv },
	{ "terminal", terminal, put_line, take_line },
	{ "accept", listens, connects, take_connection },
	{ NULL },
};
