/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See given.c: addresses, options, events, signals, messages. */
#include "given.h"

#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#define SOCKET "a socket in this folder"

static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };

static int listener(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(SOCKET);
	return bind(fd, (const struct sockaddr *)&address, sizeof address) || listen(fd, 5) ? -1 : fd;
}

static bool call_bind(char *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(SOCKET);
	return ends(!bind(fd, (struct sockaddr *)at, sizeof address) && !access(SOCKET, F_OK), fd);
}

static bool call_connect(char *at)
{
	int there = listener(), fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return ends(ends(!connect(fd, (struct sockaddr *)at, sizeof address), fd), there);
}

static int mailbox(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	unlink(SOCKET);
	return bind(fd, (const struct sockaddr *)&address, sizeof address) ? -1 : fd;
}

static bool call_sendto(char *at)
{
	int fd = mailbox();

	return ends(sendto(fd, "abc", 3, 0, (struct sockaddr *)at, sizeof address) == 3, fd);
}

static bool call_sendmsg_name(char *at)
{
	struct iovec iov = { "abc", 3 };
	struct msghdr msg = { .msg_name = at, .msg_namelen = sizeof address, .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = mailbox();

	return ends(sendmsg(fd, &msg, 0) == 3, fd);
}

/* The header, and what it points to. */
static void compose_message(char *at)
{
	struct msghdr *msg = (struct msghdr *)at;
	struct iovec *iov = (struct iovec *)(msg + 1);
	struct cmsghdr *beside = (struct cmsghdr *)(iov + 1);

	*iov = (struct iovec){ strcpy(at + 4096, "abc"), 3 };
	*msg = (struct msghdr){ .msg_iov = iov, .msg_iovlen = 1, .msg_control = beside, .msg_controllen = CMSG_SPACE(sizeof(int)) };
	*beside = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) };
	*(int *)CMSG_DATA(beside) = 1;
}

static bool call_sendmsg(char *at)
{
	int pair[2];
	bool is;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return false;
	is = ends(sendmsg(pair[0], (struct msghdr *)at, 0) == 3, pair[0]);
	return ends(is, pair[1]);
}

static void compose_list(char *at)
{
	struct iovec *iov = (struct iovec *)at;

	iov[0] = (struct iovec){ strcpy(at + 4096, "abc"), 3 };
	iov[1] = (struct iovec){ strcpy(at + 40000, "def"), 3 };
}

static bool call_writev(char *at)
{
	int pair[2];
	bool is;

	if (pipe(pair))
		return false;
	is = ends(writev(pair[1], (struct iovec *)at, 2) == 6, pair[1]);
	return ends(is, pair[0]);
}

static bool call_setsockopt(char *at)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return ends(!setsockopt(fd, SOL_SOCKET, SO_LINGER, at, sizeof(struct linger)), fd);
}

static bool call_ioctl(char *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return ends(!ioctl(fd, FIONBIO, at) && (fcntl(fd, F_GETFL) & O_NONBLOCK), fd);
}

static bool call_ioctl_read_only(char *at)
{
	char *page = (char *)((uintptr_t)at / 4096 * 4096);

	return !mprotect(page, 8192, PROT_READ) && call_ioctl(at) && !mprotect(page, 8192, PROT_READ | PROT_WRITE);
}

static bool call_lock(char *at)
{
	int fd = open("a lock", O_RDWR | O_CREAT, 0600);

	return ends(!fcntl(fd, F_SETLK, at), fd);
}

/* Events, signals, queues. */
#define MOMENT ((const struct timespec){ 0, 1000 })

static bool call_epoll_ctl(char *at)
{
	int fd = epoll_create1(0), pair[2];
	struct epoll_event event;
	bool is;

	if (pipe(pair))
		return false;
	is = !epoll_ctl(fd, EPOLL_CTL_ADD, pair[1], (struct epoll_event *)at) && epoll_wait(fd, &event, 1, 0) == 1 && event.data.u32 == 77;
	return ends(ends(ends(is, fd), pair[0]), pair[1]);
}

static bool call_epoll_pwait(char *at)
{
	int fd = epoll_create1(0);
	struct epoll_event event;

	return ends(!epoll_pwait(fd, &event, 1, 0, (sigset_t *)at), fd);
}

static bool call_ppoll_mask(char *at)
{
	return !ppoll(NULL, 0, &MOMENT, (sigset_t *)at);
}

static bool call_pselect_mask(char *at)
{
	return !pselect(0, NULL, NULL, NULL, &MOMENT, (sigset_t *)at);
}

/* A set of SIGURG only, which is sent, and waits. */
static void pend(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGURG);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGURG);
	errno = 0;
}

static void compose_set(char *at)
{
	sigemptyset((sigset_t *)at);
	sigaddset((sigset_t *)at, SIGURG);
}

static void compose_empty_set(char *at)
{
	sigemptyset((sigset_t *)at);
}

static bool call_sigwait(char *at)
{
	int sig = 0;

	pend();
	errno = sigwait((sigset_t *)at, &sig);
	return sig == SIGURG;
}

static bool call_sigwaitinfo(char *at)
{
	pend();
	return sigwaitinfo((sigset_t *)at, NULL) == SIGURG;
}

static bool call_sigtimedwait(char *at)
{
	pend();
	return sigtimedwait((sigset_t *)at, NULL, &MOMENT) == SIGURG;
}

static bool call_sigtimedwait_time(char *at)
{
	sigset_t set;

	compose_set((char *)&set);
	return sigtimedwait(&set, NULL, (struct timespec *)at) == -1 && errno == EAGAIN;
}

static void nothing(int sig)
{
}

static bool call_sigsuspend(char *at)
{
	signal(SIGURG, nothing);
	pend();
	return sigsuspend((sigset_t *)at) == -1 && errno == EINTR;
}

static bool call_signalfd(char *at)
{
	int fd = signalfd(-1, (sigset_t *)at, SFD_NONBLOCK);

	return ends(fd >= 0, fd);
}

static bool call_sigprocmask(char *at)
{
	sigset_t now;

	return !sigprocmask(SIG_SETMASK, (sigset_t *)at, NULL) && !sigprocmask(SIG_BLOCK, NULL, &now) && sigismember(&now, SIGURG);
}

static void compose_action(char *at)
{
	memset(at, 0, sizeof(struct sigaction));
	((struct sigaction *)at)->sa_handler = nothing;
}

static bool call_sigaction(char *at)
{
	return !sigaction(SIGURG, (struct sigaction *)at, NULL);
}

static bool call_semop(char *at)
{
	int id = semget(IPC_PRIVATE, 1, 0600);
	bool is = !semop(id, (struct sembuf *)at, 1);
	int saved = errno;

	semctl(id, 0, IPC_RMID);
	errno = saved;
	return is;
}

static bool call_semtimedop(char *at)
{
	int id = semget(IPC_PRIVATE, 1, 0600);
	bool is = !semtimedop(id, (struct sembuf *)at, 1, &MOMENT);
	int saved = errno;

	semctl(id, 0, IPC_RMID);
	errno = saved;
	return is;
}

static bool call_msgsnd(char *at)
{
	int id = msgget(IPC_PRIVATE, 0600);
	bool is = !msgsnd(id, at, 100, IPC_NOWAIT);
	int saved = errno;

	msgctl(id, IPC_RMID, NULL);
	errno = saved;
	return is;
}

static bool call_mq_send(char *at)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 1000 };
	mqd_t q = mq_open("/bigfile-given", O_RDWR | O_CREAT, 0600, &attr);
	bool is = q == (mqd_t)-1 || (!mq_send(q, at, 1000, 1) && !mq_timedsend(q, at, 1000, 1, &MOMENT));

	mq_unlink("/bigfile-given");
	return ends(is, q);
}

static bool call_mq_attr(char *at)
{
	mqd_t q;
	bool is;

	errno = 0;
	q = mq_open("/bigfile-given", O_RDWR | O_CREAT, 0600, (struct mq_attr *)at);
	is = q != (mqd_t)-1 || errno != EFAULT; /* there need be no queues */
	if (q != (mqd_t)-1)
		mq_unlink("/bigfile-given");
	return ends(is, q);
}

static bool call_mq_timedreceive(char *at)
{
	mqd_t q = mq_open("/bigfile-given", O_RDWR | O_CREAT, 0600, NULL);
	char buf[8192];

	mq_unlink("/bigfile-given");
	return ends(q == (mqd_t)-1 || (mq_timedreceive(q, buf, sizeof buf, NULL, (struct timespec *)at) == -1 && errno == ETIMEDOUT), q);
}

const struct row values[] = {
	R(bind, address), R(connect, address), R(sendto, address), R(sendmsg_name, address), C(sendmsg, compose_message), C(writev, compose_list),
	R(setsockopt, (const struct linger){ 1, 1 }), R(ioctl, (const int){ 1 }), R(ioctl_read_only, (const int){ 1 }), R(lock, (const struct flock){ .l_type = F_WRLCK, .l_len = 1 }),
	R(epoll_ctl, (const struct epoll_event){ .events = EPOLLOUT, .data.u32 = 77 }),
	C(epoll_pwait, compose_set), C(ppoll_mask, compose_set), C(pselect_mask, compose_set),
	C(sigwait, compose_set), C(sigwaitinfo, compose_set), C(sigtimedwait, compose_set), C(sigsuspend, compose_empty_set),
	SOON(sigtimedwait_time), C(signalfd, compose_set), C(sigprocmask, compose_set), C(sigaction, compose_action),
	R(semop, (const struct sembuf){ 0, 1, 0 }), R(semtimedop, (const struct sembuf){ 0, 1, 0 }), R(msgsnd, (const long[20]){ 5 }),
	R(mq_send, (const char[1000]){ 1 }), R(mq_attr, (const struct mq_attr){ .mq_maxmsg = 2, .mq_msgsize = 100 }), SOON(mq_timedreceive),
	{ NULL },
};
