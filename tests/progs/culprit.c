/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes data.bin in functions whose names and lines bigfile blame must tell: culprit WORD...
 *
 * store N: the first byte of N pages; write; cut; allocate; read: from /dev/zero into the mapping; stream: by stdio;
 * lying: a store where the frame is not what the unwind tables say; fds: tells how many descriptors there are; commit; fork: what follows is done by a child; forbidden: a store that the mapping forbids; wild: one to nowhere; kill: SIGKILL.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (64 * 4096)
#define STAYS __attribute__((noinline, noclone))

static int fd;
static volatile char *map;

STAYS static void storing_function(int pages)
{
	for (int i = 0; i < pages; i++)
		map[i * 4096]++;
	__asm__ volatile("");
}

STAYS static int writing_function(void)
{
	return pwrite(fd, "hello", 5, 10000) == 5 ? 0 : 1;
}

STAYS static int cutting_function(void)
{
	return ftruncate(fd, SIZE - 100) ? 1 : 0;
}

STAYS static int allocating_function(void)
{
	return fallocate(fd, 0, 0, SIZE + 4096) ? 1 : 0;
}

STAYS static int reading_function(void)
{
	int zero = open("/dev/zero", O_RDONLY);

	return read(zero, (void *)map, 8192) == 8192 ? 0 : 1;
}

STAYS static int streaming_function(void)
{
	FILE *f = fopen("data.bin", "r+");

	return f && fputs("streamed", f) >= 0 && !fclose(f) ? 0 : 1;
}

static int count_descriptors(void)
{
	int n = 0;

	for (int i = 0; i < 1000; i++)
		n += fcntl(i, F_GETFD) >= 0;
	return printf("%d\n", n) < 0;
}

STAYS static void crashing_function(volatile char *p)
{
	*p = 1;
	__asm__ volatile("");
}

STAYS static int forking_function(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		return 0;
	if (waitpid(pid, &status, 0) != pid)
		exit(1);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* Its frame is found by rbp, because of the array, and there is nothing where that points. */
STAYS static void lying_function(volatile char *p, int n)
{
	volatile char room[n];

	room[0] = 0;
#ifdef __x86_64__
	__asm__ volatile("push %%rbp; mov $64, %%rbp; movb $'L', (%0); pop %%rbp" : : "r"(p + room[0]) : "memory");
#endif
}

static int act(const char *word, const char *number)
{
	if (!strcmp(word, "store"))
		storing_function(atoi(number));
	else if (!strcmp(word, "write"))
		return writing_function();
	else if (!strcmp(word, "cut"))
		return cutting_function();
	else if (!strcmp(word, "allocate"))
		return allocating_function();
	else if (!strcmp(word, "read"))
		return reading_function();
	else if (!strcmp(word, "stream"))
		return streaming_function();
	else if (!strcmp(word, "fork"))
		return forking_function();
	else if (!strcmp(word, "fds"))
		return count_descriptors();
	else if (!strcmp(word, "commit"))
		return msync((void *)map, SIZE, MS_SYNC) ? 1 : 0;
	else if (!strcmp(word, "forbidden"))
		crashing_function(mprotect((void *)map, SIZE, PROT_READ) ? NULL : map + 5000);
	else if (!strcmp(word, "lying"))
		lying_function(map + 20480, 64);
	else if (!strcmp(word, "wild"))
		crashing_function((volatile char *)16);
	else if (!strcmp(word, "kill"))
		raise(SIGKILL);
	return 0;
}

int main(int argc, char **argv)
{
	fd = open("data.bin", O_RDWR);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return 2;
	for (int i = 1; i < argc; i++) {
		if (act(argv[i], i + 1 < argc ? argv[i + 1] : "0"))
			return 1;
	}
	return 0;
}
