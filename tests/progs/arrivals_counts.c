/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See arrivals.c: descriptors that count or tell, and queues.  What one call was told no other is. */
#include "arrivals.h"

#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

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

static void signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	one = signalfd(-1, &set, 0);
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

const struct kind counts[] = {
	{ "eventfd", event, add, take_event },
	{ "timerfd", timer, expire, take_timer },
	{ "inotify", notify, make_file, take_notice },
	{ "signalfd", signals, send_signal, take_signal },
	{ "mq_receive", queue, put_queued, take_queued },
	{ "msgrcv", old_queue, put_old_queued, take_old_queued },
	{ NULL },
};
