/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a loop of transactions that says which of them were acknowledged, and a driver that kills it at
 * random instants, recovers, and checks that the file holds one whole committed state, not older than the last
 * acknowledged one.
 *
 *   loop run FILE                     state n: every counter of the file is n, and its size tells n too
 *   loop drive BIGFILE FILE COUNT SEED
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 40
#define BASE (PAGES * 4096)

extern char **environ;

static size_t size_of(unsigned n)
{
	return BASE + n % 7 * 1000;
}

static int run(const char *path)
{
	int fd = open(path, O_RDWR);
	volatile unsigned *map;
	unsigned n;

	if (fd < 0)
		return perror(path), 1;
	map = mmap(NULL, BASE + 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	for (n = map[0] + 1;; n++) {
		if (ftruncate(fd, (off_t)size_of(n)))
			return perror("ftruncate"), 1;
		for (int p = 0; p < PAGES; p++)
			map[p * 1024] = n;
		if (msync((void *)map, BASE, MS_SYNC))
			return perror("msync"), 1;
		if (write(1, &n, sizeof n) != sizeof n)
			return 1;
	}
}

/* The one number that the whole file shows; prints and returns -1 when it is torn. */
static long state_of(const char *path)
{
	int fd = open(path, O_RDONLY);
	unsigned first = 0, now;
	struct stat st;

	for (int p = 0; p < PAGES; p++) {
		if (pread(fd, &now, sizeof now, p * 4096L) != sizeof now)
			now = ~0u;
		if (p == 0)
			first = now;
		if (now != first)
			return printf("page %d holds %u, page 0 holds %u\n", p, now, first), -1;
	}
	fstat(fd, &st);
	close(fd);
	if (first && (size_t)st.st_size != size_of(first))
		return printf("size %ld in state %u\n", (long)st.st_size, first), -1;
	return first;
}

static pid_t start(char **argv, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, 1);
	errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* Killed after the delay, which begins with the program, or when it has acknowledged a state.  Returns the last acknowledged state, or `before`. */
static unsigned run_and_kill(char *tool, char *self, char *path, unsigned delay_us, bool from_first_state, unsigned before)
{
	char *argv[] = { tool, "run", "-p", path, "--", self, "run", path, NULL };
	unsigned acked = before, n;
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return before;
	pid = start(argv, ends[1]);
	close(ends[1]);
	if (pid < 0) { /* to kill process -1 is to kill every process there is */
		perror(tool);
		exit(1);
	}
	if (from_first_state && read(ends[0], &n, sizeof n) == sizeof n)
		acked = n;
	usleep(delay_us);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status))
		printf("ended by itself: %x\n", status);
	while (read(ends[0], &n, sizeof n) == sizeof n)
		acked = n;
	close(ends[0]);
	return acked;
}

static int drive(char *tool, char *self, char *path, int count, unsigned seed)
{
	char *recover[] = { tool, "recover", path, NULL };
	unsigned acked = 0, most = 0, unseen = 0;
	long found;

	srand(seed);
	for (int i = 0; i < count; i++) {
		int status = 0, quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

		/* On a slow machine it may come to no commit at all within such a time from its beginning. */
		acked = run_and_kill(tool, self, path, 3000 + (unsigned)rand() % 40000, i % 2, acked);
		/* Every third time the next program recovers by itself; each run may leave one commit that
		   was not acknowledged. */
		if (i % 3)
			waitpid(start(recover, quiet), &status, 0);
		close(quiet);
		unseen++;
		if (i % 3 == 0)
			continue;
		found = state_of(path);
		if (status || found < 0 || found < (long)acked || found > (long)(acked + unseen)) {
			printf("try %d, seed %u: found %ld, acknowledged %u, recover %d\n", i, seed, found, acked, status);
			return 1;
		}
		acked = (unsigned)found;
		unseen = 0;
		most = acked > most ? acked : most;
	}
	printf("%d kills survived, %u states committed\n", count, most);
	return most == 0;
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "run"))
		return run(argv[2]);
	return drive(argv[2], argv[0], argv[3], atoi(argv[4]), (unsigned)atoi(argv[5]));
}
