/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: threads that store without pause, keeping an invariant across pages and the file's ends, and a
 * driver that commits them and checks every committed state.
 *
 *   invariant store FILE THREADS SECONDS [COMMITS]      with COMMITS: commits itself so many times, and checks
 *   invariant read FILE THREADS SECONDS [COMMITS]       the same, while one more has the kernel store, by read(), to pages without counters
 *   invariant drive PID FILE THREADS COUNT
 *   invariant check FILE THREADS
 *
 * Thread t has CELLS counters on pages far apart, the last at the end of the file, and increments them in order:
 * at any instant cell[0] >= cell[1] >= ... >= cell[0] - 1.
 */
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "control.h"

#define CELLS 16
#define PAGES 64
#define SIZE (PAGES * 4096 + 1000)

static char *map;
static volatile int stop, refused;

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

static void *read_into(void *arg)
{
	int fd = open("/dev/zero", O_RDONLY);

	while (!stop && !refused) {
		if (read(fd, map + 4096 + 100, 8192) != 8192)
			perror("read"), refused = 1;
	}
	return NULL;
}

/* Past Bigfile: the file, not the view. */
static int check(const char *path, int threads)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY), bad = 0;

	for (int t = 0; t < threads; t++) {
		unsigned long first = 0, before = 0, now = 0;

		for (int cell = 0; cell < CELLS; cell++) {
			if (syscall(SYS_pread64, fd, &now, sizeof now, (off_t)place(t, cell)) != sizeof now)
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
	syscall(SYS_close, fd);
	return bad;
}

static int commit(const char *path, int threads, int count)
{
	for (int i = 0; i < count; i++) {
		if (msync(map, SIZE, MS_SYNC))
			return perror("msync"), 1;
		if (check(path, threads))
			return printf("after msync %d\n", i), 1;
	}
	if (refused)
		return 1;
	printf("%d commits by msync, all consistent\n", count);
	return 0;
}

/* Between an answer and the next signal nothing is applied to the file. */
static int drive(int pid, const char *path, int threads, int count)
{
	struct control_page *page = control_page_of(pid);

	for (int i = 0; page && i < count; i++) {
		int result = control_by_signal(page, pid, SIGUSR1, CONTROL_COMMIT);

		if (result)
			return printf("commit %d failed: %d\n", i, result), 1;
		if (check(path, threads))
			return printf("after commit %d\n", i), 1;
	}
	if (!page)
		return printf("no control page\n"), 1;
	printf("%d commits by signal, all consistent\n", count);
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t ids[64], reader;
	int fd, threads;

	if (!strcmp(argv[1], "drive"))
		return drive(atoi(argv[2]), argv[3], atoi(argv[4]), atoi(argv[5]));
	threads = atoi(argv[3]);
	if (!strcmp(argv[1], "check"))
		return check(argv[2], threads);
	fd = open(argv[2], O_RDWR);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	for (long i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, store, (void *)i);
	if (!strcmp(argv[1], "read"))
		pthread_create(&reader, NULL, read_into, NULL);
	puts("ready");
	fflush(stdout);
	if (argc > 5)
		return commit(argv[2], threads, atoi(argv[5]));
	for (time_t end = time(NULL) + atoi(argv[4]); time(NULL) < end;)
		usleep(1000);
	stop = 1;
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return 0;
}
