/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: one thread stores all over a file, another commits, while the process has as many memory areas as it may have, but SPARE.
 *
 *   crowded FILE MIB COMMITS SPARE
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

static char *map;
static size_t size;
static volatile int stop;

static void *keep_storing(void *arg)
{
	unsigned long random = 1;

	while (!stop) {
		random = random * 6364136223846793005ul + 1442695040888963407ul;
		*(volatile unsigned long *)(map + (random >> 33) % (size / PAGE) * PAGE) = random;
	}
	return NULL;
}

static size_t limit(void)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
	size_t most;

	if (!f || fscanf(f, "%zu", &most) != 1)
		exit(2);
	fclose(f);
	return most;
}

/* Each second page is one more area, and has one more behind it. */
static void fill(long spare)
{
	size_t most = limit(), pages = 0;
	char *p = mmap(NULL, (most + 2) * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		exit(2);
	while (pages < most && !mprotect(p + pages * PAGE, PAGE, PROT_NONE))
		pages += 2;
	for (long i = 0; i < spare; i += 2)
		mprotect(p + (size_t)i * PAGE, PAGE, PROT_READ);
}

static void touch_all(void)
{
	for (size_t at = 0; at < size; at += PAGE)
		map[at]++;
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR), failed = 0;
	pthread_t id;

	size = strtoul(argv[2], NULL, 0) << 20;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	touch_all();
	if (msync(map, size, MS_SYNC))
		return perror("msync"), 1;
	touch_all();
	pthread_create(&id, NULL, keep_storing, NULL);
	fill(atol(argv[4]));
	for (long i = 0; i < atol(argv[3]) && !failed; i++)
		failed = msync(map, size, MS_SYNC);
	if (failed)
		perror("msync");
	stop = 1;
	pthread_join(id, NULL);
	if (!failed)
		printf("%s commits\n", argv[3]);
	return failed != 0;
}
