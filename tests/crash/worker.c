/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: does a plan (plan.h) to files, and says what was committed.
 *
 *   worker make PART SEED FILE...             the files, as they are before the first transaction
 *   worker run PART SEED FROM LAST FILE...    transactions FROM + 1 to LAST; a line with its number for each one that was committed.
 *                                             FROM -1: on from the state that the files are in
 *   worker check PART SEED FILE...            prints the number of the state that the files are in, or what is wrong
 *   worker writeback PART SEED FOLDER         sends single pages of whatever is there to the disk, as the kernel may at any time, until killed
 *
 * Two processes take turns, one operation each: a child of one that has the files already, or unrelated ones.  Who is left alone takes
 * back what is not committed, finds out which state that is, and goes on.
 */
#include "plan.h"
#include "writeback.h"

#include <bigfile.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct plan plan;
static char **names;
static int fds[PLAN_FILES];
static uint8_t *maps[PLAN_FILES]; /* NULL: not open */
static unsigned opened[PLAN_FILES]; /* which of those that had the name */

/* Whose turn it is: operation k is that of process k % processes, which reads a byte before and gives one to the next. */
static unsigned processes = 1, me;
static int turns[2][2];
static unsigned operation;

/* flags: O_CREAT, or 0: then it may not be there, if it is one that comes and goes. */
static void open_one(unsigned i, int flags)
{
	fds[i] = open(names[i], O_RDWR | flags, 0600);
	maps[i] = NULL;
	opened[i] = plan.files[i].made + !!flags;
	if (fds[i] < 0 && plan.part->unlinks && !flags && errno == ENOENT)
		return;
	if (fds[i] < 0)
		err(3, "%s", names[i]);
	maps[i] = mmap(NULL, plan.part->limit, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
	if (maps[i] == MAP_FAILED)
		err(3, "mmap %s", names[i]);
}

static void close_one(unsigned i)
{
	if (!maps[i])
		return;
	munmap(maps[i], plan.part->limit);
	close(fds[i]);
	maps[i] = NULL;
}

static void open_all(void)
{
	for (unsigned i = 0; i < plan.part->files; i++) {
		char other[4096];

		/* Who was killed between two names. */
		snprintf(other, sizeof other, "%s.old", names[i]);
		if (plan.part->renames && access(names[i], F_OK))
			rename(other, names[i]);
		open_one(i, 0);
	}
}

static void close_all(void)
{
	for (unsigned i = 0; i < plan.part->files; i++)
		close_one(i);
}

/* The other one is gone: go on without it. */
static jmp_buf left_alone;

static bool is_my_turn(void)
{
	char c;

	if (processes == 1)
		return true;
	if (operation++ % processes != me)
		return false;
	if (read(turns[me][0], &c, 1) != 1)
		longjmp(left_alone, 1);
	return true;
}

static void next_turn(void)
{
	if (processes > 1 && write(turns[1 - me][1], "", 1) != 1)
		longjmp(left_alone, 1);
}

static void act(const struct plan_operation *op, void *arg)
{
	unsigned i = op->file;

	if (!is_my_turn())
		return;
	/* Another one has made it. */
	if (plan.part->unlinks && op->kind < PLAN_MAKE && (!maps[i] || opened[i] != plan.files[i].made)) {
		close_one(i);
		open_one(i, 0);
	}
	switch (op->kind) {
	case PLAN_STORE:
		memcpy(maps[op->file] + op->offset, op->bytes, op->length);
		break;
	case PLAN_WRITE:
		if (pwrite(fds[op->file], op->bytes, op->length, (off_t)op->offset) != (ssize_t)op->length)
			err(3, "write");
		break;
	case PLAN_SIZE:
		if (ftruncate(fds[op->file], (off_t)op->offset))
			err(3, "ftruncate");
		break;
	case PLAN_UNLINK:
		if (unlink(names[i]))
			err(3, "unlink");
		if (op->offset)
			maps[i] = NULL;
		close_one(i);
		break;
	case PLAN_MAKE:
		close_one(i);
		open_one(i, O_CREAT);
		break;
	case PLAN_ABORT:
		if (bigfile_abort())
			err(3, "abort");
		/* Other files have the names again. */
		if (plan.part->unlinks) {
			close_all();
			open_all();
		}
		break;
	}
	next_turn();
}

/* On a loaded machine another process may seem to be stopped: then it is to be asked again. */
static bool is_to_try_again(int failed, unsigned *tries)
{
	return failed && errno == ETIMEDOUT && ++*tries < 30;
}

/* Into the log of the disk as well, where that is kept: CRASH_MARK is a file, CRASH_MARK_AT an offset that no file system uses. */
static void mark(const char *line)
{
	static char *block;
	static int fd;

	if (!getenv("CRASH_MARK"))
		return;
	if (!block) {
		block = aligned_alloc(4096, 4096);
		fd = open(getenv("CRASH_MARK"), O_WRONLY | O_DIRECT | O_CLOEXEC);
	}
	memset(block, 0, 4096);
	strcpy(block, line);
	if (pwrite(fd, block, 4096, atoll(getenv("CRASH_MARK_AT"))) != 4096)
		err(3, "mark");
}

static void acknowledge(unsigned n)
{
	char line[16];
	int length = snprintf(line, sizeof line, "%u\n", n);

	mark(line);
	if (write(1, line, (size_t)length) != length)
		exit(3);
}

static void commit(unsigned n)
{
	int how = (int)(n % 3), failed;
	unsigned tries = 0;

	if (!is_my_turn())
		return;
	do {
		failed = how == 0 ? bigfile_commit() : how == 1 ? msync(maps[0], plan.part->limit, MS_SYNC) : fsync(fds[0]);
	} while (is_to_try_again(failed, &tries));
	if (failed)
		err(4, "commit %u", n);
	acknowledge(n);
	next_turn();
}

/* To another name and back, as a program does that keeps the last copy. */
static void rename_one(unsigned i)
{
	char other[4096];

	snprintf(other, sizeof other, "%s.old", names[i]);
	if (rename(names[i], other) || rename(other, names[i]))
		err(3, "rename");
}

/* A view without windows goes when its file's place is wanted: here because the name leaves the marked ones for a moment. */
static void between(unsigned n)
{
	if (plan.part->renames && n % 2)
		rename_one(n / 2 % plan.part->files);
	if (plan.part->gives_up) {
		close_all();
		open_all();
	}
	if (plan.part->idles && (n == 4 || n == 6))
		nanosleep(&(struct timespec){ n == 4 ? 3 : 0, 300000000 }, NULL);
}

static void work(unsigned last)
{
	while (plan.n < last) {
		plan_next(&plan, act, NULL);
		/* The last one of a process alone is committed by its end. */
		if (plan.n == last && processes == 1 && last % 2)
			break;
		commit(plan.n);
		between(plan.n);
	}
}

static bool is_seen(void)
{
	for (unsigned i = 0; i < plan.part->files; i++) {
		struct stat st;

		if (plan.part->unlinks) {
			close_one(i);
			open_one(i, 0);
		}
		/* What was only made is not there yet. */
		if (plan.files[i].gone && (!maps[i] || (!fstat(fds[i], &st) && !st.st_size)))
			continue;
		if (!maps[i] || plan.files[i].gone || fstat(fds[i], &st) || (size_t)st.st_size != plan.files[i].size || memcmp(maps[i], plan.files[i].at, plan.files[i].size))
			return false;
	}
	return true;
}

/* Goes to the state that the files are in. */
static void find_out(unsigned newest)
{
	const struct plan_part *part = plan.part;
	uint64_t seed = plan.seed;

	plan_end(&plan);
	plan_start(&plan, part, seed);
	while (!is_seen()) {
		if (plan.n > newest)
			errx(7, "in no state");
		plan_next(&plan, NULL, NULL);
	}
}

/* What is left of a transaction of two is taken back; what is there then is a state, and we go on from it. */
static void take_over(unsigned last)
{
	unsigned newest = plan.n, tries = 0;
	int failed;

	processes = 1;
	if (!maps[0])
		open_all();
	do {
		failed = bigfile_abort();
	} while (is_to_try_again(failed, &tries));
	if (failed)
		err(6, "abort, alone");
	find_out(newest);
	work(last);
}

static int run(int from, unsigned last)
{
	const struct plan_part *part = plan.part;
	static pid_t child;
	int status = 0;

	if (part->sharing != ALONE) {
		processes = 2;
		if (pipe(turns[0]) || pipe(turns[1]))
			err(3, "pipe");
	}
	if (part->sharing != JOINED)
		open_all();
	if (part->sharing != ALONE) {
		child = fork();
		me = child == 0;
	}
	if (part->sharing != ALONE) {
		signal(SIGPIPE, SIG_IGN);
		close(turns[me][1]);
		close(turns[1 - me][0]);
	}
	if (part->sharing == JOINED)
		open_all();
	if (from < 0) {
		find_out(last);
		acknowledge(plan.n);
	}
	while ((int)plan.n < from)
		plan_next(&plan, NULL, NULL);
	/* Nobody stores before both have seen what there is. */
	if (me == 1)
		next_turn();
	if (setjmp(left_alone))
		take_over(last);
	else
		work(last);
	if (child > 0)
		waitpid(child, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) ? 5 : 0;
}

static void make(void)
{
	for (unsigned i = 0; i < plan.part->files; i++) {
		int fd = open(names[i], O_RDWR | O_CREAT | O_TRUNC, 0600);

		if (fd < 0 || write(fd, plan.files[i].at, plan.files[i].size) != (ssize_t)plan.files[i].size)
			err(3, "%s", names[i]);
		close(fd);
	}
}

static bool is_in_state(void)
{
	for (unsigned i = 0; i < plan.part->files; i++) {
		struct plan_image *f = &plan.files[i];
		uint8_t *there = malloc(plan.part->limit + 1);
		int fd = open(names[i], O_RDONLY);
		ssize_t n = fd < 0 ? -1 : read(fd, there, plan.part->limit + 1);
		bool same = f->gone ? n <= 0 : n == (ssize_t)f->size && !memcmp(there, f->at, f->size);

		if (fd >= 0)
			close(fd);
		free(there);
		if (!same)
			return false;
	}
	return true;
}

static int check(void)
{
	do {
		if (is_in_state())
			return printf("%u\n", plan.n), 0;
		plan_next(&plan, NULL, NULL);
	} while (plan.n < 1000);
	printf("in no state\n");
	return 1;
}

int main(int argc, char **argv)
{
	const struct plan_part *part = argc > 4 ? plan_part(argv[2]) : NULL;
	bool runs = part && !strcmp(argv[1], "run");

	if (part && !strcmp(argv[1], "writeback"))
		write_back(argv[4]);
	if (!part || argc < 4 + 2 * runs + (int)part->files)
		return fputs("see the head of worker.c\n", stderr), 2;
	plan_start(&plan, part, strtoull(argv[3], NULL, 10));
	names = argv + 4 + 2 * runs;
	if (runs)
		return run(atoi(argv[4]), (unsigned)atoi(argv[5]));
	if (!strcmp(argv[1], "make"))
		return make(), 0;
	return check();
}
