/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Much at once: every page of a file is changed, and that is made durable.
 *
 *   bulk FILE MIB commit [kill]   by stores and msync: samples: commit (microseconds) and anonymous (MiB of memory that is neither
 *                                 the file's nor dirty pages); kill: dies by SIGKILL as soon as it is committed
 *   bulk FILE MIB write           the same bytes by write and fdatasync, into a file that is there: sample: commit
 */
#include "bench.h"

#include <signal.h>
#include <string.h>

static void fill(char *to, size_t size, long seed)
{
	for (size_t i = 0; i < size; i += sizeof seed)
		*(long *)(to + i) = seed + (long)i;
}

static double anonymous_mib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[200];
	double kib = 0;

	while (f && fgets(line, sizeof line, f))
		sscanf(line, "RssAnon: %lf", &kib);
	if (f)
		fclose(f);
	return kib / 1024;
}

static int by_write(const char *path, size_t size, long seed)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	static char piece[1 << 20];
	double start = now_us();

	for (size_t at = 0; at < size; at += sizeof piece) {
		fill(piece, sizeof piece, seed + (long)at);
		if (pwrite(fd, piece, sizeof piece, (off_t)at) != sizeof piece)
			return 1;
	}
	if (fdatasync(fd))
		return 1;
	printf("commit %.0f\n", now_us() - start);
	return 0;
}

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[2], NULL, 0) << 20;
	double start;
	char *map;

	seed_anew();
	if (!strcmp(argv[3], "write"))
		return by_write(argv[1], size, lrand48());
	map = map_file(argv[1], size);
	fill(map, size, lrand48());
	start = now_us();
	if (msync(map, size, MS_SYNC))
		return 1;
	printf("commit %.0f\nanonymous %.0f\n", now_us() - start, anonymous_mib() - (double)(size >> 20));
	fflush(stdout);
	if (argc > 4)
		kill(getpid(), SIGKILL);
	_exit(1);
}
