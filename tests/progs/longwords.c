/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a thread with a small stack starts programs with words, and has a shell run a command, that are longer than
 * it and lie in a window.  Prints one line for each that does not work.
 *
 *   longwords FILE
 */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK 65536
#define LENGTH 100000
#define TIMES 8

extern char **environ;
static char *map;

static void check(const char *what, int status)
{
	if (status)
		printf("%s: %d\n", what, status);
}

static int wait_for(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

static __attribute__((noinline)) int by_vfork(char **words)
{
	pid_t pid = vfork();

	if (!pid) {
		execvp("true", words);
		_exit(99);
	}
	return wait_for(pid);
}

static void *start_them(void *arg)
{
	char *words[] = { "true", map, NULL };
	pid_t pid;
	FILE *f;

	for (int i = 0; i < TIMES; i++) {
		check("posix_spawnp", posix_spawnp(&pid, "true", NULL, NULL, words, environ) || wait_for(pid));
		check("execvp", by_vfork(words));
	}
	memcpy(map, "true ", 5);
	check("system", system(map));
	f = popen(map, "r");
	check("popen", f ? pclose(f) : -1);
	return NULL;
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR);
	pthread_attr_t attributes;
	pthread_t thread;

	map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	memset(map, 'a', LENGTH);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	if (pthread_create(&thread, &attributes, start_them, NULL))
		return 1;
	pthread_join(thread, NULL);
	return 0;
}
