/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: stores to a page that somebody without Bigfile has cut off its file, survives the SIGBUS, and commits what it stored elsewhere.
 *
 *   cutshort FILE
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define SIZE (16 * PAGE)

static sigjmp_buf back;

static void on_bus(int sig)
{
	siglongjmp(back, 1);
}

int main(int argc, char **argv)
{
	int raw = (int)syscall(SYS_openat, AT_FDCWD, argv[1], O_RDWR), fd = open(argv[1], O_RDWR);
	char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	signal(SIGBUS, on_bus);
	if (map == MAP_FAILED || syscall(SYS_ftruncate, raw, SIZE / 2))
		return perror(argv[1]), 1;
	map[0] = 'x';
	if (!sigsetjmp(back, 1)) {
		map[SIZE - PAGE] = 'y';
		puts("stored");
	}
	if (msync(map, SIZE, MS_SYNC))
		return perror("msync"), 1;
	puts("committed");
	return 0;
}
