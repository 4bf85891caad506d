/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a call costs on a descriptor that has nothing to do with Bigfile, while a marked file is in use in the same
 * process; and what a marked file's ftruncate to its own size costs.  Prints a name and nanoseconds per call: the least
 * of many short rounds, for the machine is never quiet.
 *
 *   calls FILE MARKED [thread]
 *
 * thread: with a second thread, which sleeps, and has a descriptor table of its own, as Bigfile's has.  From then on libc's
 * read, write, open and close take longer, for they could be cancelled.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CALLS 1000
#define ROUNDS 100

static const char *path;
static int fd, marked;
static char block[64];

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void call_read(void)
{
	if (pread(fd, block, sizeof block, 0) < 0)
		exit(1);
}

static void call_write(void)
{
	if (pwrite(fd, block, sizeof block, 0) < 0)
		exit(1);
}

static void call_fstat(void)
{
	struct stat st;

	if (fstat(fd, &st))
		exit(1);
}

static void call_seek(void)
{
	if (lseek(fd, 0, SEEK_END) < 0)
		exit(1);
}

static void call_open_close(void)
{
	close(open(path, O_RDWR));
}

static void call_dup_close(void)
{
	close(dup(fd));
}

static void call_clock(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_REALTIME, &t))
		exit(1);
}

static void call_select(void)
{
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	if (select(fd + 1, &in, NULL, NULL, &(struct timeval){ 0, 0 }) != 1)
		exit(1);
}

static void call_same_size(void)
{
	if (ftruncate(marked, 65536))
		exit(1);
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{ "read", call_read },   { "write", call_write },           { "fstat", call_fstat },
	{ "lseek", call_seek },  { "open+close", call_open_close }, { "dup+close", call_dup_close },
	{ "select", call_select }, { "clock_gettime", call_clock },
	{ "ftruncate-same-size-of-marked", call_same_size },
};

#define COUNT (sizeof calls / sizeof *calls)

static void *sleep_for_ever(void *arg)
{
	unshare(CLONE_FILES);
	for (;;)
		pause();
	return NULL;
}

static double time_of(void (*call)(void))
{
	double start = now_ns();

	for (int n = 0; n < CALLS; n++)
		call();
	return (now_ns() - start) / CALLS;
}

int main(int argc, char **argv)
{
	double least[COUNT];
	pthread_t thread;

	path = argv[1];
	fd = open(path, O_RDWR | O_CREAT, 0600);
	marked = open(argv[2], O_RDWR | O_CREAT, 0600);
	if (fd < 0 || marked < 0 || ftruncate(marked, 65536) || pwrite(fd, block, sizeof block, 0) < 0 ||
	    mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, marked, 0) == MAP_FAILED)
		return 1;
	if (argc > 3 && pthread_create(&thread, NULL, sleep_for_ever, NULL))
		return 1;
	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < COUNT; i++) {
			double each = time_of(calls[i].call);

			if (round == 0 || each < least[i])
				least[i] = each;
		}
	}
	for (unsigned i = 0; i < COUNT; i++)
		printf("%s %.1f\n", calls[i].name, least[i]);
	fflush(stdout);
	_exit(1);
}
