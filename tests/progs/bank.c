/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a bank whose accounts lie in many files.  Transaction n is determined by its number: it moves money between accounts
 * of some of the files, gives one of them another length, and writes n into the first file.  So the
 * content of all files together tells whether every transaction up to n is there, whole, and none after it.
 *
 *   bank make FILE...                  state 0
 *   bank run FILE...                   transactions without end; prints the number of each that is committed
 *   bank some COUNT FILE...            so many; the last one between two calls of personality(2), for killat; _exit(9)
 *   bank end FILE...                   one, which is left to exit to commit; personality(2) comes before that
 *   bank pair FILE...                  one, by a child between two calls of personality(2); whatever has become of it, the parent
 *                                      commits then what is there, and one more, and prints the number
 *   bank check FILE...                 prints the number of the state; fails when there is none that has these files
 *   bank drive BIGFILE COUNT SEED WORKER FILE...
 *                                      kills `WORKER run FILE...` at random instants, recovers the files in random order, twice,
 *                                      recovery being killed now and then, and checks
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bank.h"

static uint64_t random_state;

static unsigned draw(unsigned below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % below;
}

static int64_t *account(struct bank *b, unsigned file, unsigned number)
{
	return (int64_t *)(b->at[file] + 4096 + number * 512);
}

/* Returns the file whose length is another now. */
static unsigned transact(struct bank *b, uint64_t n)
{
	unsigned among, moves, cut;

	random_state = n;
	among = 1 + draw(b->count);
	moves = 1 + draw(6);
	for (unsigned i = 0; i < moves; i++) {
		unsigned from = draw(among), source = draw(BANK_ACCOUNTS), to = draw(among), sink = draw(BANK_ACCOUNTS);
		unsigned amount = draw(100);

		*account(b, from, source) -= amount;
		*account(b, to, sink) += amount;
	}
	cut = draw(among);
	b->size[cut] = BANK_LENGTH + draw(5000);
	*(uint64_t *)b->at[0] = n;
	return cut;
}

static int make(int count, char **files)
{
	static char zeros[BANK_LENGTH];

	for (int i = 0; i < count; i++) {
		int fd = open(files[i], O_RDWR | O_CREAT | O_TRUNC, 0600);

		if (write(fd, zeros, sizeof zeros) != sizeof zeros || close(fd))
			return perror(files[i]), 1;
	}
	return 0;
}

static int take(struct bank *b, int count, char **files)
{
	b->count = (unsigned)count;
	for (unsigned i = 0; i < b->count; i++) {
		b->fd[i] = open(files[i], O_RDWR);
		if (b->fd[i] < 0)
			return perror(files[i]), 1;
		b->at[i] = mmap(NULL, BANK_LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd[i], 0);
		if (b->at[i] == MAP_FAILED)
			return perror(files[i]), 1;
	}
	return 0;
}

static int work(int count, char **files, uint64_t last)
{
	static struct bank b;

	if (take(&b, count, files))
		return 1;
	for (uint64_t n = *(uint64_t *)b.at[0] + 1, end = n + last;; n++) {
		unsigned cut = transact(&b, n);

		if (ftruncate(b.fd[cut], (off_t)b.size[cut]))
			return perror("ftruncate"), 1;
		if (n + 1 == end)
			personality(0xffffffff);
		if (msync(b.at[0], 4096, MS_SYNC))
			return perror("msync"), 1;
		printf("%lu\n", n);
		fflush(stdout);
		if (n + 1 == end) {
			personality(0xffffffff);
			_exit(9);
		}
	}
}

static int end(int count, char **files)
{
	static struct bank b;
	uint64_t n;
	unsigned cut;

	if (take(&b, count, files))
		return 1;
	n = *(uint64_t *)b.at[0] + 1;
	cut = transact(&b, n);
	personality(0xffffffff);
	return ftruncate(b.fd[cut], (off_t)b.size[cut]) ? 1 : 0;
}

static int pair(int count, char **files)
{
	static struct bank b;
	uint64_t n;
	pid_t child;
	unsigned cut;

	if (take(&b, count, files))
		return 1;
	n = *(uint64_t *)b.at[0] + 1;
	/* So that all files belong to the transaction, and to both. */
	for (int i = 0; i < count; i++)
		*(volatile char *)b.at[i] += 0;
	child = fork();
	if (child == 0) {
		cut = transact(&b, n);
		if (ftruncate(b.fd[cut], (off_t)b.size[cut]))
			_exit(1);
		personality(0xffffffff);
		msync(b.at[0], 4096, MS_SYNC);
		personality(0xffffffff);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	if (msync(b.at[0], 4096, MS_SYNC))
		return perror("msync"), 1;
	cut = transact(&b, ++n);
	if (ftruncate(b.fd[cut], (off_t)b.size[cut]))
		return perror("ftruncate"), 1;
	if (msync(b.at[0], 4096, MS_SYNC))
		return perror("msync"), 1;
	printf("%lu\n", n);
	fflush(stdout);
	raise(SIGKILL);
	return 1;
}

static bool is_as(const char *path, const char *at, size_t size)
{
	static char got[BANK_LENGTH + 8192], expected[BANK_LENGTH + 8192];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, got, sizeof got);

	close(fd);
	memset(expected, 0, sizeof expected);
	memcpy(expected, at, BANK_LENGTH);
	return n == (ssize_t)size && !memcmp(got, expected, size);
}

int64_t bank_check(int count, char **files)
{
	static struct bank b;
	static char memory[BANK_FILES][BANK_LENGTH];
	int fd = open(files[0], O_RDONLY), bad = 0;
	uint64_t n;

	if (read(fd, &n, sizeof n) != sizeof n)
		return perror(files[0]), -1;
	close(fd);
	memset(memory, 0, sizeof memory);
	b.count = (unsigned)count;
	for (int i = 0; i < count; i++) {
		b.at[i] = memory[i];
		b.size[i] = BANK_LENGTH;
	}
	for (uint64_t i = 1; i <= n; i++)
		transact(&b, i);
	for (int i = 0; i < count; i++) {
		if (!is_as(files[i], memory[i], b.size[i]))
			bad = printf("%s is not as of transaction %lu\n", files[i], n);
	}
	return bad ? -1 : (int64_t)n;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "make"))
		return make(argc - 2, argv + 2);
	if (!strcmp(what, "run"))
		return work(argc - 2, argv + 2, UINT64_MAX / 2);
	if (!strcmp(what, "some"))
		return work(argc - 3, argv + 3, strtoul(argv[2], NULL, 0));
	if (!strcmp(what, "end"))
		return end(argc - 2, argv + 2);
	if (!strcmp(what, "pair"))
		return pair(argc - 2, argv + 2);
	if (!strcmp(what, "drive") && argc > 6)
		return bank_drive(argv[2], atoi(argv[3]), atoi(argv[4]), argv[5], argc - 6, argv + 6);
	if (!strcmp(what, "check")) {
		int64_t n = bank_check(argc - 2, argv + 2);

		if (n >= 0)
			printf("%ld\n", (long)n);
		return n < 0;
	}
	fprintf(stderr, "see the head of bank.c\n");
	return 2;
}
