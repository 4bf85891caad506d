/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a child ends while it holds a robust mutex in a mapped file; does its parent get it?
 *
 *   robust FILE exit|_exit|return|thread|kill|exec alone|waited
 *
 * The child ends in that way - thread: another thread of it holds the mutex - at once (alone), or when the parent waits for the mutex.
 * Prints what the parent gets from pthread_mutex_timedlock, and from a second lock after an unlock.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAITERS 0x80000000u

static pthread_mutex_t *mutex;

static int lock(void)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 60;
	return pthread_mutex_timedlock(mutex, &limit);
}

static void *hold(void *arg)
{
	if (lock())
		abort();
	if (arg) {
		*(volatile char *)arg = 1;
		pause();
	}
	return NULL;
}

static void hold_in_thread(void)
{
	static volatile char holds;
	pthread_t thread;

	pthread_create(&thread, NULL, hold, (void *)&holds);
	while (!holds)
		usleep(100);
}

/* Returns for "return". */
static void end(const char *way)
{
	if (!strcmp(way, "exit") || !strcmp(way, "thread"))
		exit(0);
	if (!strcmp(way, "_exit"))
		_exit(0);
	if (!strcmp(way, "kill"))
		raise(9);
	if (!strcmp(way, "exec"))
		execlp("true", "true", (char *)NULL);
}

int main(int argc, char **argv)
{
	int fd = argc > 3 ? open(argv[1], O_RDWR) : -1, ends[2], err;
	pthread_mutexattr_t attr;
	char c;

	if (fd < 0 || pipe(ends))
		return 2;
	mutex = (pthread_mutex_t *)((char *)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) + 5000);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attr);
	if (fork() == 0) {
		if (strcmp(argv[2], "thread"))
			hold(NULL);
		else
			hold_in_thread();
		if (write(ends[1], "h", 1) != 1)
			return 1;
		while (!strcmp(argv[3], "waited") && !(*(volatile unsigned *)mutex & WAITERS))
			usleep(100);
		end(argv[2]);
		return 0;
	}
	if (read(ends[0], &c, 1) != 1)
		return 2;
	if (!strcmp(argv[3], "alone"))
		wait(NULL);
	err = lock();
	printf("%s", strerrorname_np(err));
	if (err == EOWNERDEAD)
		pthread_mutex_consistent(mutex);
	if (!err || err == EOWNERDEAD)
		pthread_mutex_unlock(mutex);
	printf(" %s\n", strerrorname_np(lock()));
	pthread_mutex_unlock(mutex);
	return 0;
}
