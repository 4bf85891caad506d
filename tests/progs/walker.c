/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a large file whose every page tells its number, and processes that walk through it, look, and count in it.
 *
 *   walker make FILE PAGES                      the file; of each 32 pages the last 16 are a hole
 *   walker walk FILE SLOT WAY TOUCHES [EACH]    touches pages, way up, down, random or write: by write(2) to FILE.SLOT; every
 *                                               EACH-th touch adds one to the page's counter of that slot, 0 to 3
 *   walker fork FILE TOUCHES [EACH [WAY]]       four forked children do the four ways at once, after the parent has looked, or all
 *                                               one way.  ahead: by MADV_WILLNEED, touching nothing
 *   walker meet FILE EACH OTHER...              when it has had a child, two threads walk, until for each OTHER, when there is an OTHER.ready,
 *                                               that file was mapped and stored to, and OTHER.met made
 *   walker check FILE TOTAL                     all pages are as they should be, and the counters sum up to TOTAL
 *
 * A walker checks that each page holds its number and what it has counted there itself.  It prints what it counted, and the memory
 * of the shared view in KiB, as it was at most.  With COMMIT_EACH=N it commits by msync after so many touches.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define WORDS (PAGE / 8)
#define HOLES 16 /* pages of data, and of hole */

static uint64_t *map;
static size_t pages;
static const char *path;
static volatile bool stop;

static int is_hole(size_t page)
{
	return page / HOLES % 2;
}

static uint64_t first_word(size_t page)
{
	return is_hole(page) ? 0 : page + 1;
}

static int fail(const char *what, size_t page, uint64_t found, uint64_t wanted)
{
	printf("process %d, page %zu: %s is %lu, not %lu\n", getpid(), page, what, (unsigned long)found, (unsigned long)wanted);
	fflush(stdout);
	_exit(9);
}

static void look(const uint64_t *p, size_t page)
{
	if (p[0] != first_word(page))
		fail("the first word", page, p[0], first_word(page));
	if (p[WORDS - 1] != first_word(page) * 3)
		fail("the last word", page, p[WORDS - 1], first_word(page) * 3);
}

static int make(size_t count)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
	static uint64_t piece[HOLES][WORDS];

	for (size_t page = 0; page < count; page += 2 * HOLES) {
		for (size_t i = 0; i < HOLES; i++) {
			for (size_t j = 8; j < WORDS - 1; j++)
				piece[i][j] = page + i + j;
			piece[i][0] = first_word(page + i);
			piece[i][WORDS - 1] = piece[i][0] * 3;
		}
		if (pwrite(fd, piece, sizeof piece, (off_t)page * PAGE) != (ssize_t)sizeof piece)
			return perror(path), 1;
	}
	return ftruncate(fd, (off_t)count * PAGE) ? 1 : 0;
}

/* In KiB, what the view's memory takes: it is in the engine thread's descriptors. */
static long memory_now(void)
{
	char folder[64], link[128], name[64];
	long found = 0;
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *t, *f;

	while (tasks && (t = readdir(tasks))) {
		DIR *fds;

		snprintf(folder, sizeof folder, "/proc/self/task/%.20s/fd", t->d_name);
		fds = t->d_name[0] == '.' ? NULL : opendir(folder);
		while (fds && (f = readdir(fds))) {
			struct stat st;
			ssize_t n;

			snprintf(link, sizeof link, "%s/%.20s", folder, f->d_name);
			n = readlink(link, name, sizeof name - 1);
			name[n > 0 ? n : 0] = '\0';
			if (strstr(name, "bigfile-view") && !stat(link, &st))
				found = (long)st.st_blocks / 2;
		}
		if (fds)
			closedir(fds);
	}
	if (tasks)
		closedir(tasks);
	return found;
}

static void write_out(int out, size_t page)
{
	uint64_t back[WORDS];

	if (pwrite(out, map + page * WORDS, PAGE, 0) != PAGE)
		fail("write", page, 0, PAGE);
	if (pread(out, back, PAGE, 0) != PAGE)
		fail("read", page, 0, PAGE);
	look(back, page);
}

static size_t next_page(const char *way, size_t i, uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	if (way[0] == 'u')
		return i % pages;
	return way[0] == 'd' ? pages - 1 - i % pages : (*random >> 33) % pages;
}

static int walk(unsigned slot, const char *way, size_t touches, size_t each)
{
	uint64_t random = slot * 7919 + 1, total = 0, *own = calloc(pages, sizeof *own);
	size_t commit_each = getenv("COMMIT_EACH") ? strtoul(getenv("COMMIT_EACH"), NULL, 10) : 0;
	char name[4096];
	long most = 0, now;
	int out = -1;

	snprintf(name, sizeof name, "%s.%u", path, slot);
	if (way[0] == 'w')
		out = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (way[0] == 'a' && madvise(map, pages * PAGE, MADV_WILLNEED))
		fail("madvise", 0, 1, 0);
	most = memory_now();
	for (size_t i = 0; i < touches && way[0] != 'a' && !stop; i++) {
		size_t page = next_page(way, i, &random);
		uint64_t *p = map + page * WORDS;

		if (out >= 0)
			write_out(out, page);
		look(p, page);
		if (p[1 + slot] != own[page])
			fail("the counter", page, p[1 + slot], own[page]);
		if (each && i % each == 0) {
			p[1 + slot] = ++own[page];
			total++;
		}
		if (commit_each && i % commit_each == commit_each - 1 && msync(map, PAGE, MS_SYNC))
			fail("msync", page, 1, 0);
		now = i % 1024 == 0 || i == touches - 1 ? memory_now() : 0;
		most = now > most ? now : most;
	}
	printf("%lu counted, %ld KiB\n", (unsigned long)total, most);
	free(own);
	return 0;
}

static int walk_all(size_t touches, size_t each, const char *way)
{
	static const char *const ways[] = { "up", "down", "random", "write" };
	int status, bad = 0;

	look(map, 0);
	fflush(stdout);
	for (unsigned i = 0; i < 4; i++) {
		if (!fork())
			exit(walk(i, way ? way : ways[i], touches, each));
	}
	while (wait(&status) > 0)
		bad |= status;
	return bad ? 1 : 0;
}

static size_t meet_each;

static void *walk_on(void *way)
{
	walk(*(char *)way == 'u', way, SIZE_MAX, meet_each);
	return NULL;
}

static void meet_one(const char *other)
{
	char name[4096];
	int fd;
	char *p;

	snprintf(name, sizeof name, "%s.ready", other);
	for (int i = 0; access(name, F_OK) && i < 20000; i++)
		usleep(1000);
	fd = open(other, O_RDWR);
	p = fd < 0 ? MAP_FAILED : mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		fail(other, 0, 1, 0);
	p[1] = 'M';
	snprintf(name, sizeof name, "%s.met", other);
	close(open(name, O_WRONLY | O_CREAT, 0600));
}

static int meet(char **others)
{
	pthread_t threads[2];

	look(map, 0);
	if (!fork())
		_exit(0);
	wait(NULL);
	pthread_create(&threads[0], NULL, walk_on, "up");
	pthread_create(&threads[1], NULL, walk_on, "random");
	for (; *others; others++)
		meet_one(*others);
	stop = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}

static int check(uint64_t total)
{
	uint64_t sum = 0;

	for (size_t page = 0; page < pages; page++) {
		const uint64_t *p = map + page * WORDS;

		look(p, page);
		sum += p[1] + p[2] + p[3] + p[4];
		for (size_t j = 8; j < WORDS - 1; j++) {
			if (p[j] != (is_hole(page) ? 0 : page / HOLES * HOLES + page % HOLES + j))
				fail("a word", page, p[j], page + j);
		}
	}
	if (sum != total)
		fail("the sum", 0, sum, total);
	return 0;
}

int main(int argc, char **argv)
{
	struct stat st;
	int fd;

	if (argc < 4)
		return 2;
	path = argv[2];
	if (!strcmp(argv[1], "make"))
		return make(strtoul(argv[3], NULL, 0));
	fd = open(path, O_RDWR);
	if (fd < 0 || fstat(fd, &st))
		return perror(path), 1;
	pages = (size_t)st.st_size / PAGE;
	map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	if (!strcmp(argv[1], "check"))
		return check(strtoul(argv[3], NULL, 0));
	if (!strcmp(argv[1], "fork"))
		return walk_all(strtoul(argv[3], NULL, 0), argc > 4 ? strtoul(argv[4], NULL, 0) : 0,
				argc > 5 ? argv[5] : NULL);
	if (!strcmp(argv[1], "meet")) {
		meet_each = strtoul(argv[3], NULL, 0);
		return meet(argv + 4);
	}
	return argc < 6 ? 2 : walk((unsigned)atoi(argv[3]), argv[4], strtoul(argv[5], NULL, 0), argc > 6 ? strtoul(argv[6], NULL, 0) : 0);
}
