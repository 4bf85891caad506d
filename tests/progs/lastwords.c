/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: what a program still does when exit() is under way, and its transaction has been decided.
 *
 *   lastwords A B [C]     both files get an x before exit(0), and a y then, by write and by a store; says what it is told
 *                         C: another process shares the transaction and goes on until C is there
 *
 * libc flushes streams when all else has been done: one that had nothing to be flushed before is written to from another one's flush.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *maps[2];
static int fds[2];
static char **names;
static FILE *streams[2];

static void say(const char *what, int result)
{
	dprintf(1, "%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
}

static void be_late(void)
{
	char seen = 0;
	int fresh;

	maps[1][0] = 'y';
	say("write", (int)pwrite(fds[0], "y", 1, 0));
	say("read", (int)pread(fds[0], &seen, 1, 0));
	dprintf(1, "seen: %c\n", seen);
	say("msync", msync(maps[1], 1, MS_SYNC));
	say("fsync", fsync(fds[0]));
	/* As who replaces a file does, and takes no care. */
	fresh = open("new", O_WRONLY | O_CREAT, 0666);
	say("fresh", fresh);
	say("its write", (int)write(fresh, "z", 1));
	say("rename", rename("new", names[0]));
	say("unlink", unlink(names[1]));
	say("longer", (int)pwrite(fds[0], "z", 1, 100000));
}

static ssize_t flushed(void *which, const char *text, size_t size)
{
	if (which == &streams[0])
		fputs("more", streams[1]);
	else
		be_late();
	return (ssize_t)size;
}

int main(int argc, char **argv)
{
	cookie_io_functions_t functions = { .write = flushed };

	names = argv + 1;
	for (int i = 0; i < 2; i++) {
		fds[i] = open(argv[1 + i], O_RDWR);
		maps[i] = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
		if (maps[i] == MAP_FAILED)
			return perror(argv[1 + i]), 9;
		maps[i][0] = 'x';
		streams[i] = fopencookie(&streams[i], "w", functions);
	}
	if (argc > 3 && !fork()) {
		while (access(argv[3], F_OK))
			usleep(1000);
		_exit(0);
	}
	fputs("first", streams[0]);
	exit(0);
}
