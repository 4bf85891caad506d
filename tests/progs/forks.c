/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: threads add to counters of a file without pause while their process forks, and the children add too;
 * then every counter holds exactly what was added to it.
 *
 *   forks run FILE ROUNDS      on FILE.0, FILE.1, ...: each round has a file that no fork has seen before
 *   forks check FILE ROUNDS    by read(2), what a run that ended well has left
 *
 * A page has a counter per thread, which that thread alone adds to and remembers what it must find there, and a common
 * one that children add to as well.  The file's last page holds the total.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 3
#define CHILDREN 4
#define PAGES 64
#define ADDED_BY_CHILD 5 /* to each page */

struct page {
	unsigned long of_thread[THREADS];
	unsigned long common;
	char rest[4096 - (THREADS + 1) * sizeof(unsigned long)];
};

static struct page *map; /* PAGES of counters, one of the total */
static int stop, lost;

static void *add(void *arg)
{
	unsigned long mine[PAGES] = { 0 }, thread = (unsigned long)arg, added = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (int p = 0; p < PAGES; p++) {
			volatile unsigned long *counter = &map[p].of_thread[thread];

			if (*counter != mine[p])
				__atomic_add_fetch(&lost, 1, __ATOMIC_RELAXED);
			*counter = ++mine[p];
			__atomic_add_fetch(&map[p].common, 1, __ATOMIC_RELAXED);
			added += 2;
		}
	}
	return (void *)added;
}

static void child(void)
{
	for (int n = 0; n < ADDED_BY_CHILD; n++) {
		for (int p = 0; p < PAGES; p++)
			__atomic_add_fetch(&map[p].common, 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

static unsigned long sum(const struct page *pages)
{
	unsigned long total = 0;

	for (int p = 0; p < PAGES; p++) {
		for (int t = 0; t < THREADS; t++)
			total += pages[p].of_thread[t];
		total += pages[p].common;
	}
	return total;
}

static int check(const struct page *pages, const char *path)
{
	if (sum(pages) == pages[PAGES].common)
		return 0;
	printf("%s: %lu were added, %lu are there\n", path, pages[PAGES].common, sum(pages));
	return 1;
}

static int round_of(const char *path)
{
	int fd = open(path, O_RDWR), status, bad = 0;
	unsigned long total = (unsigned long)CHILDREN * ADDED_BY_CHILD * PAGES;
	pthread_t ids[THREADS];
	void *added;

	map = mmap(NULL, (PAGES + 1) * sizeof *map, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror(path), 1;
	stop = 0;
	for (unsigned long t = 0; t < THREADS; t++)
		pthread_create(&ids[t], NULL, add, (void *)t);
	for (int i = 0; i < CHILDREN; i++) {
		usleep((useconds_t)rand() % 2000);
		if (fork() == 0)
			child();
	}
	while (wait(&status) > 0)
		bad |= status;
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int t = 0; t < THREADS; t++) {
		pthread_join(ids[t], &added);
		total += (unsigned long)added;
	}
	map[PAGES].common = total;
	if (lost)
		printf("%s: %d times a thread did not find what it had stored\n", path, lost);
	return check(map, path) || lost || bad;
}

static int check_file(const char *path)
{
	static struct page pages[PAGES + 1];
	int fd = open(path, O_RDONLY);

	if (read(fd, pages, sizeof pages) != sizeof pages)
		return printf("%s: short\n", path), 1;
	close(fd);
	if (!pages[PAGES].common)
		return printf("%s: nothing was added\n", path), 1;
	return check(pages, path);
}

int main(int argc, char **argv)
{
	char path[4096];

	for (int i = 0; i < atoi(argv[3]); i++) {
		snprintf(path, sizeof path, "%s.%d", argv[2], i);
		if (!strcmp(argv[1], "run") ? round_of(path) : check_file(path))
			return 1;
	}
	return 0;
}
