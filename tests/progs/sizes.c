/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a thread asks for the size of a file again and again, while the file becomes part of a transaction that a child was in too.
 *
 *   sizes FILE ROUNDS OTHER...
 *
 * All are marked.  Between two rounds FILE is given up, because so many others come that there are not enough descriptors (the others in turn are
 * given up for it), and gets another size from outside.  Prints each size that was told and is not the file's, and how many rounds there were.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT, ASK, END };

static atomic_int wanted, waits; /* of the thread: what it is to do, and does it? */
static int fd;
static off_t size;

static void ask(void)
{
	struct stat st;

	if (fstat(fd, &st))
		err(3, "fstat");
	if (st.st_size != size)
		printf("%ld bytes, told: %ld\n", (long)size, (long)st.st_size);
}

static void *ask_again_and_again(void *arg)
{
	while (wanted != END) {
		waits = wanted == WAIT;
		if (!waits)
			ask();
	}
	return NULL;
}

static char *map_it(const char *path)
{
	char *map;

	fd = open(path, O_RDWR);
	if (fd < 0)
		err(3, "%s", path);
	map = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		err(3, "%s", path);
	return map;
}

static void unmap_it(char *map)
{
	munmap(map, (size_t)size);
	close(fd);
}

/* With it goes its journal. */
static void have_it_given_up(const char *journal, char *const *others)
{
	while (*others && !access(journal, F_OK))
		unmap_it(map_it(*others++));
	if (!access(journal, F_OK))
		errx(3, "the file is not given up");
}

static void take_part_with_a_child(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	if (child < 0 || waitpid(child, NULL, 0) != child)
		err(3, "fork");
}

int main(int argc, char **argv)
{
	long rounds = argc > 3 ? atol(argv[2]) : 0;
	char journal[4096];
	pthread_t thread;

	if (!rounds)
		return fputs("see the head of sizes.c\n", stderr), 2;
	snprintf(journal, sizeof journal, "%s.bigfile-journal", argv[1]);
	if (pthread_create(&thread, NULL, ask_again_and_again, NULL))
		errx(3, "no thread");
	for (long i = 0; i < rounds; i++) {
		char *map;

		size = 400000 + i % 2 * 300000;
		if (syscall(SYS_truncate, argv[1], size))
			err(3, "%s", argv[1]);
		fd = open(argv[1], O_RDWR);
		if (fd < 0)
			err(3, "%s", argv[1]);
		wanted = ASK;
		map = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			err(3, "mmap");
		if (i == 0)
			take_part_with_a_child();
		wanted = WAIT;
		while (!waits)
			sched_yield();
		unmap_it(map);
		have_it_given_up(journal, argv + 3);
	}
	wanted = END;
	pthread_join(thread, NULL);
	printf("%ld rounds\n", rounds);
	return 0;
}
