/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See given.c: times to wait, and times of files. */
#include "given.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <utime.h>

#define FILE_NAME "folder/times"

static bool call_nanosleep(char *at)
{
	return !nanosleep((struct timespec *)at, NULL);
}

static bool call_clock_nanosleep(char *at)
{
	return !(errno = clock_nanosleep(CLOCK_MONOTONIC, 0, (struct timespec *)at, NULL));
}

static bool call_ppoll(char *at)
{
	return !ppoll(NULL, 0, (struct timespec *)at, NULL);
}

static bool call_pselect(char *at)
{
	return !pselect(0, NULL, NULL, NULL, (struct timespec *)at, NULL);
}

static bool call_select(char *at)
{
	return !select(0, NULL, NULL, NULL, (struct timeval *)at);
}

static bool call_epoll_pwait2(char *at)
{
	int fd = epoll_create1(0);
	struct epoll_event event;

	return ends(!epoll_pwait2(fd, &event, 1, (struct timespec *)at, NULL), fd);
}

static bool call_timerfd(char *at)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	return ends(!timerfd_settime(fd, 0, (struct itimerspec *)at, NULL), fd);
}

static bool call_setitimer(char *at)
{
	return !setitimer(ITIMER_VIRTUAL, (struct itimerval *)at, NULL);
}

static bool call_timer(char *at)
{
	timer_t timer;

	return !timer_create(CLOCK_MONOTONIC, &(struct sigevent){ .sigev_notify = SIGEV_NONE }, &timer) &&
	       !timer_settime(timer, 0, (struct itimerspec *)at, NULL) && !timer_delete(timer);
}

/* utimes and its like, on a file that is there. */
static bool sets_time(int result)
{
	struct stat st;

	return !result && !stat(FILE_NAME, &st) && st.st_mtime == 1000001;
}

static int file(void)
{
	mkdir("folder", 0700);
	return open(FILE_NAME, O_RDWR | O_CREAT, 0600);
}

#define TIMES(name, call)                            \
	static bool call_##name(char *at)            \
	{                                            \
		int fd = file();                     \
                                                     \
		return ends(sets_time(call), fd);    \
	}

TIMES(utime, utime(FILE_NAME, (struct utimbuf *)at))
TIMES(utimes, utimes(FILE_NAME, (struct timeval *)at))
TIMES(lutimes, lutimes(FILE_NAME, (struct timeval *)at))
TIMES(futimes, futimes(fd, (struct timeval *)at))
TIMES(futimesat, futimesat(AT_FDCWD, FILE_NAME, (struct timeval *)at))
TIMES(futimens, futimens(fd, (struct timespec *)at))
TIMES(utimensat, utimensat(AT_FDCWD, FILE_NAME, (struct timespec *)at, 0))

#define AT_TIME(name) R(name, (const struct timespec[2]){ { 1000001, 0 }, { 1000001, 0 } })

const struct row moments[] = {
	SOON(nanosleep), SOON(clock_nanosleep), SOON(ppoll), SOON(pselect), SOON(select), SOON(epoll_pwait2),
	R(timerfd, (const struct itimerspec){ { 1, 0 }, { 1, 0 } }), R(setitimer, (const struct itimerval){ { 0, 0 }, { 0, 0 } }),
	R(timer, (const struct itimerspec){ { 1, 0 }, { 1, 0 } }),
	R(utime, (const struct utimbuf){ 1000001, 1000001 }), AT_TIME(utimes), AT_TIME(lutimes), AT_TIME(futimes), AT_TIME(futimesat),
	AT_TIME(futimens), AT_TIME(utimensat),
	{ NULL },
};
