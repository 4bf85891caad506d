/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded before the library: forks when all destructors have run, the library's too, and before it decides about the transaction.  The
 * child stores a y to the file FAREWELL, commits, and ends; what it was told is said.
 *
 * Its hook is registered after the library's, and so runs before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void farewell(int code, void *name)
{
	int fd = open(name, O_RDWR), status = -1;
	char *map = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid_t pid;

	map[0] = 'x';
	pid = fork();
	if (pid == 0) {
		alarm(100);
		map[0] = 'y';
		dprintf(1, "commit: %s\n", msync(map, 1, MS_SYNC) ? strerrorname_np(errno) : "ok");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	dprintf(1, "child: %d\n", status);
}

__attribute__((constructor)) static void start(void)
{
	if (getenv("FAREWELL"))
		on_exit(farewell, getenv("FAREWELL"));
}
