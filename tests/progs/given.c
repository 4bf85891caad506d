/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: what calls are given - a path, an address, an option, a time - lies in a part of a shared window that this process has never
 * touched.  They do what they do anywhere else.
 *
 *   given FILE quiet|busy|plain [ROW...]     FILE: 64 MiB
 *
 * Another process that shares the file puts it there.  busy: it also stores all over the file and commits, all the time.
 * plain: without Bigfile, which shows what is to be expected.  ROW: of the tables in given_*.c, else all.  Prints the name of each row that fails,
 * and ends with 1 if any did.
 */
#include "given.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bigfile.h"

#define SIZE ((size_t)64 << 20)
#define APART ((size_t)256 << 10) /* so that one row does not bring another's page */
#define STORED (SIZE / 4) /* at the end, all the time */
#define PLACES ((SIZE - STORED) / APART)

struct shared {
	const struct row *row; /* to be put at `at`; NULL: it has been */
	char *at;
	bool over;
};

static struct shared *shared;
static char *map;
static bool plain;
static int failed;

static void *store(void *arg)
{
	volatile char *p = map + SIZE - STORED;

	for (unsigned i = 0; !__atomic_load_n(&shared->over, __ATOMIC_SEQ_CST); i++)
		p[(size_t)i * 4096 * 5 % STORED]++;
	return NULL;
}

static void *commit(void *arg)
{
	while (!__atomic_load_n(&shared->over, __ATOMIC_SEQ_CST)) {
		if (bigfile_commit())
			perror("commit");
	}
	return NULL;
}

static void put(const struct row *row, char *at)
{
	if (row->compose)
		row->compose(at);
	else
		memcpy(at, row->bytes, row->size);
}

static void serve(bool busy)
{
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (busy && (pthread_create(&thread, NULL, store, NULL) || pthread_create(&thread, NULL, commit, NULL)))
		exit(2);
	while (!__atomic_load_n(&shared->over, __ATOMIC_SEQ_CST)) {
		const struct row *row = __atomic_load_n(&shared->row, __ATOMIC_SEQ_CST);

		if (row) {
			put(row, shared->at);
			__atomic_store_n(&shared->row, NULL, __ATOMIC_SEQ_CST);
		} else {
			sched_yield();
		}
	}
	_exit(0);
}

static void say(const struct row *row, const char *what)
{
	failed++;
	printf("%s: %s\n", row->name, what);
	fflush(stdout);
}

/* The kernel is asked past the library. */
static bool is_within_reach(const char *at)
{
	return syscall(SYS_faccessat, AT_FDCWD, at, F_OK) == 0 || errno != EFAULT;
}

/* Half of it lies in the next page, of which nothing has been touched either. */
static void try_row(const struct row *row, size_t place)
{
	char *at = map + place % PLACES * APART + 65536 - 8;

	shared->at = at;
	__atomic_store_n(&shared->row, row, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&shared->row, __ATOMIC_SEQ_CST))
		sched_yield();
	if (!plain && is_within_reach(at))
		say(row, "the page is there already");
	errno = 0;
	if (!row->call(at))
		say(row, errno ? strerrorname_np(errno) : "wrong");
}

bool ends(bool is, int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return is;
}

bool waits_for_7(pid_t child)
{
	int status;

	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

bool child_ends_with_7(void (*run)(char *at), char *at)
{
	pid_t child = fork();

	if (!child) {
		run(at);
		_exit(errno == EFAULT ? 14 : 1);
	}
	return waits_for_7(child);
}

static bool is_asked_for(const struct row *row, char **argv)
{
	bool any = false;

	for (; *argv; argv++) {
		any = true;
		if (!strcmp(*argv, row->name))
			return true;
	}
	return !any;
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR), status;
	const struct row *tables[] = { paths, moments, values };
	size_t place = 0;

	plain = !strcmp(argv[2], "plain");
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || shared == MAP_FAILED)
		return 2;
	if (!fork())
		serve(!strcmp(argv[2], "busy"));
	for (size_t i = 0; i < COUNT(tables); i++) {
		for (const struct row *row = tables[i]; row->name; row++) {
			if (is_asked_for(row, argv + 3))
				try_row(row, place += 5);
		}
	}
	__atomic_store_n(&shared->over, true, __ATOMIC_SEQ_CST);
	if (wait(&status) < 0 || status)
		return 2;
	return failed ? 1 : 0;
}
