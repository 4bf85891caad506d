/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: threads that store without pause, keeping an invariant across pages and the file's ends, and a
 * driver that commits them and checks every committed state.
 *
 *   invariant store FILE THREADS SECONDS
 *   invariant drive BIGFILE PID FILE THREADS COUNT
 *   invariant check FILE THREADS
 *
 * Thread t has CELLS counters on pages far apart, the last at the end of the file, and increments them in order:
 * at any instant cell[0] >= cell[1] >= ... >= cell[0] - 1.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CELLS 16
#define PAGES 64
#define SIZE (PAGES * 4096 + 1000)

extern char **environ;

static char *map;
static volatile int stop;

static size_t place(int thread, int cell)
{
	size_t page = (size_t)cell * PAGES / (CELLS - 1);
	size_t at = page * 4096 + (size_t)thread * 8;

	return at;
}

static void *store(void *arg)
{
	int thread = (int)(long)arg;

	for (unsigned long n = 1; !stop; n++) {
		for (int cell = 0; cell < CELLS; cell++)
			*(volatile unsigned long *)(map + place(thread, cell)) = n;
	}
	return NULL;
}

static int check(const char *path, int threads)
{
	int fd = open(path, O_RDONLY), bad = 0;

	for (int t = 0; t < threads; t++) {
		unsigned long first = 0, before = 0, now = 0;

		for (int cell = 0; cell < CELLS; cell++) {
			if (pread(fd, &now, sizeof now, (off_t)place(t, cell)) != sizeof now)
				return printf("%s: short\n", path), 1;
			if (cell == 0)
				first = before = now;
			if (now > before || now + 1 < first) {
				printf("thread %d: cell %d holds %lu after %lu, first %lu\n", t, cell, now, before, first);
				bad = 1;
			}
			before = now;
		}
	}
	close(fd);
	return bad;
}

static int run(char *tool, char *what, char *pid)
{
	char *argv[] = { tool, what, pid, NULL };
	int status;
	pid_t child;

	if (posix_spawn(&child, tool, NULL, NULL, argv, environ))
		return -1;
	waitpid(child, &status, 0);
	return status;
}

static int drive(char *tool, char *pid, const char *path, int threads, int count)
{
	for (int i = 0; i < count; i++) {
		kill(atoi(pid), SIGUSR1);
		/* The tool waits; but the signal's own commit may come after that of the first request. */
		if (run(tool, "commit", pid) || run(tool, "commit", pid))
			return printf("commit %d failed\n", i), 1;
		if (check(path, threads))
			return printf("after commit %d\n", i), 1;
	}
	printf("%d commits by signal, all consistent\n", count);
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t ids[64];
	int fd, threads;

	if (!strcmp(argv[1], "drive"))
		return drive(argv[2], argv[3], argv[4], atoi(argv[5]), atoi(argv[6]));
	threads = atoi(argv[3]);
	if (!strcmp(argv[1], "check"))
		return check(argv[2], threads);
	fd = open(argv[2], O_RDWR);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	for (long i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, store, (void *)i);
	puts("ready");
	fflush(stdout);
	for (time_t end = time(NULL) + atoi(argv[4]); time(NULL) < end;)
		usleep(1000);
	stop = 1;
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return 0;
}
