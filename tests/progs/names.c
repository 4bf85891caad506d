/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: does random operations on a few marked names - files are made, written, mapped, cut, deleted, made anew, renamed, renamed
 * over each other and exchanged - and compares all that it finds with a model; transactions end by commits, aborts, exits and kill -9.
 *
 *   names FOLDER OPS SEED [--shared] [--random-kills] [--verbose]     BIGFILE names the launcher
 *
 * The names are FOLDER/0.bin to FOLDER/5.bin, which are not there at first.  One process after the other works for some hundred operations under
 * Bigfile and ends: with status 0, with 1, or by kill -9 between two operations; after each the files must be as the model has them.  --shared: two
 * processes take turns in one transaction, and one of them may be killed while the other one goes on.  --random-kills: it is killed at any
 * moment, and the files must be as before or after what it was at; a seed then does not mean one sequence.
 *
 * names_model.c is the model, names_ops.c and names_calls.c hold the operations.
 */
#include "names.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared *all;
const char *folder;
bool verbose;
static bool two, random_kills;
static uint64_t seed;
static int self; /* which of the processes of a transaction */

uint64_t draw(uint64_t below)
{
	uint64_t z = all->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return below ? (z ^ (z >> 31)) % below : 0;
}

bool one_in(unsigned n)
{
	return draw(n) == 0;
}

const char *path_of(int n)
{
	static char paths[2][4096];
	static int which;

	which ^= 1;
	snprintf(paths[which], sizeof paths[which], "%s/%d.bin", folder, n);
	return paths[which];
}

void say(const char *format, ...)
{
	char *line = all->lines[all->done % LINES];
	va_list args;
	int n = snprintf(line, sizeof all->lines[0], "%d: ", self);

	va_start(args, format);
	vsnprintf(line + n, sizeof all->lines[0] - (size_t)n, format, args);
	va_end(args);
	if (!verbose)
		return;
	fprintf(stderr, "%lu:", all->done);
	for (int i = 0; i < NAMES; i++)
		fprintf(stderr, " %d/%d", all->model.name[i], all->model.aside[i]);
	fprintf(stderr, " | %s\n", line);
}

void fail(const char *format, ...)
{
	va_list args;

	printf("FAILED: seed %lu, operation %lu: ", seed, all->done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	for (uint64_t i = all->done < LINES ? 0 : all->done - LINES + 1; i <= all->done; i++)
		printf("  %lu: %s\n", i, all->lines[i % LINES]);
	fflush(stdout);
	all->failed = true;
	kill(getppid(), self ? SIGKILL : 0);
	_exit(9);
}

void expect(const char *call, long result, long wanted)
{
	if (result != wanted)
		fail("%s returned %ld, should be %ld", call, result, wanted);
}

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void map_model(void)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof name, "%s/model", folder);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *all))
		exit(2);
	all = mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (all == MAP_FAILED)
		exit(2);
}

static void pass_turn(int to)
{
	__atomic_store_n(&all->turn, to, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &all->turn, FUTEX_WAKE, 2, NULL, NULL, 0);
}

static void await_turn(void)
{
	for (int now; (now = __atomic_load_n(&all->turn, __ATOMIC_SEQ_CST)) != self;)
		syscall(SYS_futex, &all->turn, FUTEX_WAIT, now, NULL, NULL, 0);
}

/* Whose handles they were nobody can tell any more: what they are of stays in the model until all have ended. */
static void end_second(pid_t child)
{
	int status;

	all->processes = 1;
	if (one_in(2)) {
		say("the second process is killed");
		kill(child, SIGKILL);
	} else {
		say("the second process exits");
		pass_turn(1);
	}
	waitpid(child, &status, 0);
	pass_turn(0);
}

static void leave(void)
{
	uint64_t how = draw(3);

	say("the end, by %s", how == 0 ? "exit(0)" : how == 1 ? "exit(1)" : "kill -9");
	if (how == 2)
		kill(getpid(), SIGKILL);
	all->before = all->model;
	all->under_way = (struct change){ how == 0 ? COMMIT : ABORT, 0, 0 };
	all->at_work = true;
	exit(how == 0 ? 0 : 1);
}

/* One that both have all the time makes their transaction one. */
static void map_common(void)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof name, "%s/common.bin", folder);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 4096) || mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
		fail("common.bin: %s", strerrorname_np(errno));
	close(fd);
}

static pid_t start_second(void)
{
	pid_t child, first = getpid();

	map_common();
	all->processes = 2;
	all->turn = 0;
	child = fork();
	if (child == 0) {
		self = 1;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It may have been killed before that. */
		if (getppid() != first)
			kill(getpid(), SIGKILL);
	}
	return child;
}

/* Under Bigfile. */
static int work(void)
{
	pid_t child = 0;

	check_everything();
	all->processes = 1;
	if (two)
		child = start_second();
	for (;; pass_turn(all->processes < 2 || !all->left ? 0 : (int)draw(2))) {
		await_turn();
		if (self && all->processes < 2)
			_exit(0);
		if (!all->left)
			break;
		do_something();
		all->done++;
		all->left--;
		if (!self && all->processes == 2 && one_in(300))
			end_second(child);
	}
	/* Or both are killed at the same time. */
	if (all->processes == 2 && !one_in(4))
		end_second(child);
	else if (all->processes == 2)
		kill(getpid(), SIGKILL);
	leave();
	return 0;
}

static pid_t start(char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* All of them. */
static int await_end(pid_t pid)
{
	int status, result = 0;

	for (pid_t ended; (ended = wait(&status)) > 0;) {
		if (ended == pid)
			result = status;
	}
	return result;
}

static void recover(const char *launcher)
{
	char *argv[3 + NAMES + 1] = { (char *)(uintptr_t)launcher, (char *)(uintptr_t)"recover", (char *)(uintptr_t)folder }, paths[NAMES][4096];
	int n = 3;

	for (int i = 0; i < NAMES; i++) {
		strcpy(paths[i], path_of(i));
		if (!access(paths[i], F_OK))
			argv[n++] = paths[i];
	}
	if (await_end(start(argv)))
		fail("recover failed");
}

/* after_all: of the journals either, nor of what was aside. */
static void nothing_is_left(bool after_all)
{
	DIR *d = opendir(folder);

	for (struct dirent *e; (e = readdir(d));) {
		if (strstr(e->d_name, after_all ? ".bigfile-" : ".bigfile-kept"))
			fail("%s is left", e->d_name);
	}
	closedir(d);
}

/* What may be found: as before what it was at, as after that, and both with all committed. */
static void find_out(void)
{
	static struct model m;
	int ways = all->at_work ? 4 : 1;
	bool may_commit = all->under_way.what != CREATE && all->under_way.what != OTHER;

	for (int i = 0; i < ways; i++) {
		struct change none = { i < 2 ? OTHER : COMMIT, 0, 0 };

		m = all->at_work ? all->before : all->model;
		if (i >= 2 && !may_commit)
			continue;
		if (i % 2)
			model_change(&m, &all->under_way, i >= 2);
		else
			model_change(&m, &none, false);
		model_crash(&m);
		if (!model_is_found(&m))
			continue;
		all->model = m;
		return;
	}
	fail("none of %d states: during %d (%d, %d)", ways, all->under_way.what, all->under_way.a, all->under_way.b);
}

static void settle(int status, const char *launcher)
{
	if (all->failed)
		exit(1);
	if (WIFEXITED(status) && WEXITSTATUS(status) < 2) {
		model_change(&all->model, &all->under_way, false);
		all->at_work = false;
	} else if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		fail("the process ended with %#x", status);
	} else if (!random_kills && one_in(2)) {
		/* The next one finds it, and recovers. */
		nothing_is_left(false);
		model_crash(&all->model);
		return;
	} else {
		recover(launcher);
	}
	find_out();
	nothing_is_left(true);
	all->at_work = false;
}

static int drive(uint64_t count, const char *launcher, char **argv)
{
	char marked[4096];
	char *words[] = { (char *)(uintptr_t)launcher, (char *)(uintptr_t)"run", (char *)(uintptr_t)"-p", marked, (char *)(uintptr_t)"--",
			  argv[0], argv[1], (char *)(uintptr_t)"work", argv[3], argv[4], argv[4] ? argv[5] : NULL,
			  argv[4] && argv[5] ? argv[6] : NULL, NULL };

	snprintf(marked, sizeof marked, "%s/*.bin", folder);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	memset(all, 0, sizeof *all);
	all->state = seed;
	model_start(&all->model);
	while (all->done < count) {
		pid_t pid;

		all->left = min_of(1 + draw(600), count - all->done);
		all->turn = 0;
		pid = start(words);
		if (random_kills && one_in(2)) {
			usleep((unsigned)draw(40000));
			kill(pid, SIGKILL);
		}
		settle(await_end(pid), launcher);
	}
	printf("%lu operations, seed %lu, %lu commits, %lu aborts, %lu commits before a name was lost: ok\n", all->done, seed, all->commits,
	       all->aborts, all->implied);
	return 0;
}

int main(int argc, char **argv)
{
	bool driving = argc > 3 && strcmp(argv[2], "work");

	for (int i = 4; i < argc; i++) {
		two |= !strcmp(argv[i], "--shared");
		random_kills |= !strcmp(argv[i], "--random-kills");
		verbose |= !strcmp(argv[i], "--verbose");
	}
	if (argc < 4 || !getenv("BIGFILE")) {
		puts("usage: names FOLDER OPS SEED [--shared] [--random-kills] [--verbose], and BIGFILE in the environment");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	folder = argv[1];
	seed = strtoul(argv[3], NULL, 0);
	map_model();
	return driving ? drive(strtoul(argv[2], NULL, 0), getenv("BIGFILE"), argv) : work();
}
