/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: stores into random pages of a large sparse file in one transaction, commits it by msync and checks a
 * sample of them with read(2) of another descriptor.  Prints the most memory areas that the process had.
 *
 *   sparse FILE GIB PAGES
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned long next_random(unsigned long *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static int areas(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	int c, n = 0;

	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

int main(int argc, char **argv)
{
	unsigned long size = strtoul(argv[2], NULL, 0) << 30, count = strtoul(argv[3], NULL, 0), seed, x, bad = 0;
	int fd = open(argv[1], O_RDWR), most, now;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	for (unsigned long i = 0, r = seed = 88172645463325252ul; i < count; i++) {
		unsigned long page = next_random(&r) % (size >> 12);

		*(unsigned long *)(map + (page << 12) + 8) = page + 1;
	}
	most = areas();
	if (msync(map, size, MS_SYNC))
		return perror("msync"), 1;
	now = areas();
	printf("%d areas\n", now > most ? now : most);
	for (unsigned long i = 0, r = seed; i < count; i++) {
		unsigned long page = next_random(&r) % (size >> 12);

		if (i % 101 == 0 && (pread(fd, &x, 8, (off_t)((page << 12) + 8)) != 8 || x != page + 1))
			bad++;
	}
	printf("%lu bad\n", bad);
	return bad != 0;
}
