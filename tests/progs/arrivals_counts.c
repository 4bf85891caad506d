/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See arrivals.c: descriptors that count or tell, and queues.  What one call was told no other is. */
#include "arrivals.h"

#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

static int one;
static char bytes[9000];

static void take_number(int round, char *to, uint64_t number)
{
	ssize_t n = read(one, to, 8);

	if (n != 8)
		give_up(n < 0 ? "read" : "a short read");
	if (*(uint64_t *)to != number)
		give_up("a wrong number");
}

static void event(void)
{
	one = eventfd(0, 0);
}

static void add(int round)
{
	eventfd_write(one, (eventfd_t)round);
}

static void take_event(int round, char *to)
{
	take_number(round, to, (uint64_t)round);
}

static void timer(void)
{
	one = timerfd_create(CLOCK_MONOTONIC, 0);
}

static void expire(int round)
{
	timerfd_settime(one, 0, &(struct itimerspec){ { 0, 0 }, { 0, 1 } }, NULL);
}

static void take_timer(int round, char *to)
{
	take_number(round, to, 1);
}

static void notify(void)
{
	one = inotify_init();
	if ((mkdir("watched", 0700) && errno != EEXIST) || inotify_add_watch(one, "watched", IN_CREATE) < 0)
		give_up("inotify_add_watch");
}

static void make_file(int round)
{
	char name[32];

	snprintf(name, sizeof name, "watched/%d", round);
	close(creat(name, 0600));
	unlink(name);
}

static void take_notice(int round, char *to)
{
	ssize_t n = read(one, to, 500);
	struct inotify_event *e = (struct inotify_event *)to;
	char name[32];

	snprintf(name, sizeof name, "%d", round);
	if (n < (ssize_t)sizeof *e || strcmp(e->name, name))
		give_up("inotify");
}

static sigset_t awaited;

static void signals(void)
{
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	one = signalfd(-1, &awaited, 0);
}

static void send_signal(int round)
{
	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = round });
}

static void take_signal(int round, char *to)
{
	struct signalfd_siginfo *info = (struct signalfd_siginfo *)to;

	if (read(one, to, sizeof *info) != sizeof *info || info->ssi_int != round)
		give_up("signalfd");
}

static void take_sigwaitinfo(int round, char *to)
{
	siginfo_t *info = (siginfo_t *)to;
	int sig = round % 2 ? sigwaitinfo(&awaited, info) : sigtimedwait(&awaited, info, &(struct timespec){ 60, 0 });

	if (sig != SIGRTMIN || info->si_value.sival_int != round)
		give_up("sigwaitinfo");
}

static void queue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 8000 };
	char name[32];

	snprintf(name, sizeof name, "/arrivals%d", getpid());
	one = mq_open(name, O_RDWR | O_CREAT, 0600, &attr);
	if (one < 0)
		give_up("mq_open");
	mq_unlink(name);
}

static void put_queued(int round)
{
	compose(round, bytes, 8000);
	mq_send(one, bytes, 8000, 7);
}

static void take_queued(int round, char *to)
{
	unsigned *priority = (unsigned *)(to + 8000);

	check(round, to, 8000, mq_receive(one, to, 8000, priority));
	if (*priority != 7)
		give_up("priority");
}

static void old_queue(void)
{
	one = msgget(IPC_PRIVATE, 0600);
}

static void put_old_queued(int round)
{
	compose(round, bytes + 8, 8000);
	*(long *)bytes = round;
	msgsnd(one, bytes, 8000, 0);
}

static void take_old_queued(int round, char *to)
{
	ssize_t n = msgrcv(one, to, 8000, 0, 0);

	check(round, to + 8, 8000, n);
	if (*(long *)to != round)
		give_up("type");
}

/* How a child ended is told once. */
static int words[2];

static void a_pipe(void)
{
	if (pipe(words))
		give_up("pipe");
}

static void end_child(int round)
{
	dprintf(words[1], "%d\n", round % 100);
}

static void take_end(int round, char *to)
{
	char *command[] = { "sh", "-c", "read n; exit $n", NULL };
	posix_spawn_file_actions_t actions;
	int *status = (int *)to;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, words[0], 0);
	if (posix_spawnp(&child, "sh", &actions, NULL, command, environ))
		give_up("posix_spawnp");
	if (waitpid(child, status, 0) != child || !WIFEXITED(*status) || WEXITSTATUS(*status) != round % 100)
		give_up("waitpid");
}

static void take_poll(int round, char *to)
{
	struct pollfd *list = (struct pollfd *)to;
	eventfd_t n;

	*list = (struct pollfd){ one, POLLIN, 0 };
	if (poll(list, 1, -1) != 1 || list->revents != POLLIN || eventfd_read(one, &n) || n != (eventfd_t)round)
		give_up("poll");
}

static int all;

static void event_of_all(void)
{
	event();
	all = epoll_create1(0);
	epoll_ctl(all, EPOLL_CTL_ADD, one, &(struct epoll_event){ .events = EPOLLIN | EPOLLET, .data.u64 = 1234567 });
}

static void take_epoll(int round, char *to)
{
	struct epoll_event *events = (struct epoll_event *)to;
	eventfd_t n;

	if (epoll_wait(all, events, 10, -1) != 1 || events->data.u64 != 1234567 || eventfd_read(one, &n) || n != (eventfd_t)round)
		give_up("epoll_wait");
}

static void take_epoll_pwait2(int round, char *to)
{
	struct epoll_event *events = (struct epoll_event *)to;
	eventfd_t *n = (eventfd_t *)(events + 10);

	if (epoll_pwait2(all, events, 10, NULL, NULL) != 1 || events->data.u64 != 1234567 || eventfd_read(one, n) || *n != (eventfd_t)round)
		give_up("epoll_pwait2");
}

static void take_eventfd_read(int round, char *to)
{
	if (eventfd_read(one, (eventfd_t *)to) || *(eventfd_t *)to != (eventfd_t)round)
		give_up("eventfd_read");
}

/* Sets of descriptors are taken, and stored anew. */
static void feed(int round)
{
	char c = (char)round;

	if (write(words[1], &c, 1) != 1)
		give_up("write");
}

static void take_sets(int round, char *to)
{
	fd_set *sets = (fd_set *)to, empty;
	int n = words[0] + 1, ready;
	char c;

	FD_ZERO(&empty);
	for (int i = 0; i < 3; i++) {
		sets[i] = empty;
		FD_SET(words[0], &sets[i]);
	}
	ready = round % 2 ? select(n, &sets[0], &sets[1], &sets[2], NULL) :
			    pselect(n, &sets[0], &sets[1], &sets[2], &(struct timespec){ 60, 0 }, NULL);
	if (ready != 1)
		give_up("select");
	if (!FD_ISSET(words[0], &sets[0]) || memcmp(&sets[1], &empty, sizeof empty) || memcmp(&sets[2], &empty, sizeof empty))
		give_up("the wrong ones");
	if (read(words[0], &c, 1) != 1 || c != (char)round)
		give_up("read");
}

/* As does a socket its error. */
static void take_error(int round, char *to)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), *error = (int *)to;
	socklen_t *length = (socklen_t *)(error + 1);

	*length = sizeof *error;
	if (!connect(fd, (struct sockaddr *)&nobody, sizeof nobody) || errno != EINPROGRESS)
		*error = errno;
	else if (poll(&(struct pollfd){ fd, POLLOUT, 0 }, 1, -1) != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, error, length))
		give_up("getsockopt");
	if (*error != ECONNREFUSED || *length != sizeof *error)
		give_up("a lost error");
	close(fd);
}

static void link_to_follow(void)
{
	unlink("link");
	if (symlink("where it leads", "link"))
		give_up("symlink");
}

static void take_link(int round, char *to)
{
	if (readlink("link", to, 100) != 14 || memcmp(to, "where it leads", 14))
		give_up("readlink");
}

const struct kind counts[] = {
	{ "waitpid", a_pipe, end_child, take_end },
	{ "poll", event, add, take_poll },
	{ "select", a_pipe, feed, take_sets },
	{ "epoll_wait", event_of_all, add, take_epoll },
	{ "epoll_pwait2", event_of_all, add, take_epoll_pwait2 },
	{ "eventfd_read", event, add, take_eventfd_read },
	{ "getsockopt", NULL, NULL, take_error },
	{ "readlink", link_to_follow, NULL, take_link },
	{ "eventfd", event, add, take_event },
	{ "timerfd", timer, expire, take_timer },
	{ "inotify", notify, make_file, take_notice },
	{ "signalfd", signals, send_signal, take_signal },
	{ "sigwaitinfo", signals, send_signal, take_sigwaitinfo },
	{ "mq_receive", queue, put_queued, take_queued },
	{ "msgrcv", old_queue, put_old_queued, take_old_queued },
	{ NULL },
};
