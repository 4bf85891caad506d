/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Much at once: every page of a file is changed, and that is made durable.
 *
 *   bulk FILE MIB commit [kill]   by stores and msync: samples: commit (microseconds) and anonymous (MiB of memory that is neither
 *                                 the file's nor dirty pages); kill: dies by SIGKILL as soon as it is committed
 *   bulk FILE MIB write           the same bytes by write and fdatasync, into a file that is there: sample: commit
 *   bulk FILE MIB floor           the same, into a new file first, past the page cache and synced, and then into the one that is there, not synced
 *                                 again: what the kernel's calls alone take for a commit of it, out of little memory and with nothing compared
 */
#include "bench.h"

#include <signal.h>
#include <string.h>

#define PIECE ((size_t)4 << 20)

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

/* Past the page cache. */
static int write_new(int fd, char *piece, size_t size, long seed)
{
	if (fcntl(fd, F_SETFL, O_DIRECT))
		return 1;
	for (size_t at = 0; at < size; at += PIECE) {
		fill(piece, PIECE, seed + (long)at);
		if (pwrite(fd, piece, PIECE, (off_t)at) != PIECE)
			return 1;
	}
	return fdatasync(fd) != 0;
}

static int by_both(const char *path, size_t size, long seed)
{
	static _Alignas(4096) char piece[PIECE];
	char name[4096];
	int fd = open(path, O_RDWR), fresh;
	double start = now_us();

	snprintf(name, sizeof name, "%s.floor", path);
	fresh = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unlink(name);
	if (fd < 0 || fresh < 0 || write_new(fresh, piece, size, seed))
		return 1;
	for (size_t at = 0; at < size; at += PIECE) {
		fill(piece, PIECE, seed + (long)at);
		if (pwrite(fd, piece, PIECE, (off_t)at) != PIECE)
			return 1;
	}
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
	if (!strcmp(argv[3], "floor"))
		return by_both(argv[1], size, lrand48());
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
