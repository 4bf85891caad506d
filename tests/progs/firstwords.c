/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: maps memory before libc has an environment, as the runtime of a sanitizer that is linked statically does; then
 * stores a y to a file, and is killed.
 *
 *   firstwords FILE
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void *early;

static void map_early(void)
{
	early = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_all)(void) = map_early;

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR);
	char *map = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED || !early || early == MAP_FAILED)
		return perror("mmap"), 1;
	map[0] = 'y';
	return kill(getpid(), SIGKILL);
}
