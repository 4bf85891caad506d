/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: threads that store to pairs of pages far apart, in order, while another one commits and looks at every committed state.
 *
 *   pairs store FILE MIB THREADS COMMITS
 *   pairs swapped FILE MIB THREADS COMMITS    the same; the second half is mapped in front of the first, and so that they meet
 *   pairs check FILE MIB
 *
 * Page i of the first half and page i of the second are a pair, which one thread stores to: the same number, first here, then there, one more each
 * time.  So at any instant the second has what the first has, or one less.  It is stored in four ways, one for each thread in turn: a
 * word, a page by memcpy, a page by read() from a pipe, a page by pwrite().  At the end nothing is stored, and a last commit has it all.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define WORDS (PAGE / sizeof(unsigned long))

static char *map;
static int fd, swapped;
static size_t size, pairs, threads;
static volatile int stop;

static char *address(size_t offset)
{
	return map + (swapped ? (offset + size / 2) % size : offset);
}

/* In as many calls as it takes. */
static void through_pipe(const int *ends, const void *from, char *to)
{
	if (write(ends[1], from, PAGE) != PAGE)
		abort();
	for (ssize_t done = 0, n; done < PAGE; done += n) {
		n = read(ends[0], to + done, (size_t)(PAGE - done));
		if (n <= 0) {
			printf("read into a window: %s\n", strerror(errno));
			fflush(stdout);
			_exit(2);
		}
	}
}

static void store(size_t way, const int *ends, size_t offset, unsigned long n)
{
	unsigned long words[WORDS];
	char *page = address(offset);

	for (size_t i = 0; i < WORDS; i++)
		words[i] = n;
	if (way == 0)
		*(volatile unsigned long *)page = n;
	else if (way == 1)
		memcpy(page, words, sizeof words);
	else if (way == 2)
		through_pipe(ends, words, page);
	else if (pwrite(fd, words, sizeof words, (off_t)offset) != PAGE)
		abort();
}

static void *keep_storing(void *arg)
{
	size_t mine = (size_t)arg, own = pairs / threads;
	unsigned long random = mine + 1;
	int ends[2];

	if (pipe(ends))
		abort();
	while (!stop) {
		size_t i = mine * own;
		unsigned long n;

		random = random * 6364136223846793005ul + 1442695040888963407ul;
		/* Half of the stores go to few pages: those are stored to again and again in one commit. */
		i += random >> 63 ? (random >> 33) % own : (random >> 33) % 8;
		n = *(volatile unsigned long *)address(i * PAGE) + 1;
		store(mine % 4, ends, i * PAGE, n);
		store(mine % 4, ends, (i + pairs) * PAGE, n);
	}
	return NULL;
}

/* Past Bigfile: the file, not the view. */
static char *content(const char *path)
{
	int raw = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
	char *all = malloc(size);

	for (size_t at = 0; at < size; at += PAGE) {
		if (syscall(SYS_pread64, raw, all + at, PAGE, at) != PAGE)
			abort();
	}
	syscall(SYS_close, raw);
	return all;
}

/* Within a page what is being stored has come as far as it has. */
static int is_bad(const char *page, unsigned long least, unsigned long most)
{
	const unsigned long *words = (const void *)page;

	for (size_t i = 0; i < WORDS; i++) {
		if (words[i] && (words[i] < least || words[i] > most))
			return printf("word %zu of a page: %lu is not within %lu and %lu\n", i, words[i], least, most), 1;
	}
	return 0;
}

static int check(const char *path)
{
	char *all = content(path);
	int bad = 0;

	for (size_t i = 0; i < pairs && bad < 10; i++) {
		const char *first = all + i * PAGE, *second = first + pairs * PAGE;
		unsigned long a = *(const unsigned long *)first, b = *(const unsigned long *)second;

		if (b > a || a > b + 1)
			bad += printf("pair %zu: %lu, then %lu\n", i, a, b) > 0;
		bad += is_bad(first, a ? a - 1 : 0, a + 1) || is_bad(second, b ? b - 1 : 0, b + 1);
	}
	free(all);
	return bad;
}

static int commit_and_check(const char *path, long commits)
{
	for (long c = 0; c < commits; c++) {
		if (msync(map, size, MS_SYNC))
			return perror("msync"), 1;
		if (check(path))
			return printf("after commit %ld\n", c), 1;
	}
	return 0;
}

static int ends_whole(const char *path)
{
	char *all;
	int bad = msync(map, size, MS_SYNC);

	all = content(path);
	for (size_t at = 0; at < size && bad < 10; at += PAGE) {
		if (memcmp(all + at, address(at), PAGE))
			bad += printf("page %zu was not committed\n", at / PAGE) > 0;
	}
	free(all);
	return bad;
}

static int map_file(void)
{
	int flags = MAP_SHARED, prot = PROT_READ | PROT_WRITE;

	map = mmap(NULL, size, swapped ? PROT_NONE : prot, swapped ? MAP_PRIVATE | MAP_ANONYMOUS : flags, swapped ? -1 : fd, 0);
	if (map == MAP_FAILED || !swapped)
		return map == MAP_FAILED;
	return mmap(map, size / 2, prot, flags | MAP_FIXED, fd, (off_t)(size / 2)) == MAP_FAILED ||
	       mmap(map + size / 2, size / 2, prot, flags | MAP_FIXED, fd, 0) == MAP_FAILED;
}

int main(int argc, char **argv)
{
	pthread_t ids[16];
	int bad;

	size = strtoul(argv[3], NULL, 0) << 20;
	pairs = size / PAGE / 2;
	if (!strcmp(argv[1], "check"))
		return check(argv[2]);
	threads = strtoul(argv[4], NULL, 0);
	fd = open(argv[2], O_RDWR);
	swapped = !strcmp(argv[1], "swapped");
	if (map_file())
		return perror("mmap"), 1;
	for (size_t i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, keep_storing, (void *)i);
	bad = commit_and_check(argv[2], atol(argv[5]));
	stop = 1;
	for (size_t i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	bad = bad || ends_whole(argv[2]);
	if (!bad)
		printf("%s commits, all consistent\n", argv[5]);
	return bad != 0;
}
