/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: stores X to all of a file and commits; as soon as the commit has begun to change the file, another thread stores Z to its last byte,
 * which belongs to the next transaction.
 *
 *   intrude FILE BYTES [kill]
 *
 * Says "in time" when the last byte had not been written to the file before that store, and "seen" when Z gets into the file before the commit has
 * ended.  Ends by _exit(1) after the commit; kill: by SIGKILL after that store.  It sees the file through a mapping that is not Bigfile's.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *map;
static const volatile char *file;
static size_t size;
static _Atomic int committed;

static void *intrude(void *arg)
{
	char last;

	while (file[0] != 'X' && !committed)
		;
	last = file[size - 1];
	map[size - 1] = 'Z';
	if (last != 'X')
		puts("in time");
	fflush(stdout);
	if (arg)
		kill(getpid(), SIGKILL);
	while (!committed && file[size - 1] != 'Z')
		;
	if (file[size - 1] == 'Z')
		puts("seen");
	return NULL;
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR), raw = (int)syscall(SYS_openat, AT_FDCWD, argv[1], O_RDONLY);
	pthread_t thread;

	size = strtoul(argv[2], NULL, 0);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	file = (void *)syscall(SYS_mmap, NULL, size, PROT_READ, MAP_SHARED, raw, 0);
	if (map == MAP_FAILED || file == MAP_FAILED)
		return perror(argv[1]), 1;
	memset(map, 'X', size);
	pthread_create(&thread, NULL, intrude, argc > 3 ? argv[3] : NULL);
	if (msync(map, size, MS_SYNC))
		return perror("msync"), 1;
	committed = 1;
	puts("committed");
	fflush(stdout);
	pthread_join(thread, NULL);
	_exit(1);
}
