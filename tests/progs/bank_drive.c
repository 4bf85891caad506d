/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See bank.c. */
#include "bank.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *bigfile;

static void sleep_us(unsigned us)
{
	struct timespec t = { us / 1000000, (long)(us % 1000000) * 1000 };

	nanosleep(&t, NULL);
}

/* Starts it in a process group of its own; *out: the end of its output. */
static pid_t start(char **words, int *out)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		exit(2);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		dup2(ends[1], 1);
		execvp(words[0], words);
		_exit(127);
	}
	setpgid(pid, pid);
	close(ends[1]);
	*out = ends[0];
	return pid;
}

static int end(pid_t pid, int out, char *text, size_t size)
{
	size_t used = 0;
	ssize_t n;
	int status;

	while ((n = read(out, text + used, size - 1 - used)) > 0) {
		used += (size_t)n;
		/* The last lines are those that matter. */
		if (used > size / 2) {
			memmove(text, text + used - 100, 100);
			used = 100;
		}
	}
	text[used] = '\0';
	close(out);
	waitpid(pid, &status, 0);
	return status;
}

static long last_number(const char *text)
{
	const char *line_end = strrchr(text, '\n');
	long n = -1;

	while (line_end && line_end > text && line_end[-1] != '\n')
		line_end--;
	if (line_end)
		n = strtol(line_end, NULL, 10);
	return n;
}

/* What it acknowledged last; -1: nothing. */
static long work_and_die(const char *worker, int count, char **files)
{
	static char text[1 << 16], paths[1 << 16];
	char *words[BANK_FILES + 16];
	int n = 0, out;
	pid_t pid;

	paths[0] = '\0';
	for (int i = 0; i < count; i++) {
		strcat(paths, i ? ":" : "");
		strcat(paths, files[i]);
	}
	setenv("BIGFILE_PATHS", paths, 1);
	words[n++] = (char *)bigfile;
	words[n++] = (char *)"run";
	words[n++] = (char *)"--";
	words[n++] = (char *)worker;
	words[n++] = (char *)"run";
	for (int i = 0; i < count; i++)
		words[n++] = files[i];
	words[n] = NULL;
	pid = start(words, &out);
	/* From where it commits on. */
	if (read(out, text, 1) == 1)
		sleep_us((unsigned)rand() % 40000);
	kill(-pid, SIGKILL);
	end(pid, out, text + 1, sizeof text - 1);
	return last_number(text);
}

static int recover_some(int count, char **files, bool is_killed)
{
	static char text[1 << 16];
	char *words[BANK_FILES + 16];
	int n = 0, out, status;
	pid_t pid;

	words[n++] = (char *)bigfile;
	words[n++] = (char *)"recover";
	for (int i = 0; i < count; i++)
		words[n++] = files[i];
	words[n] = NULL;
	pid = start(words, &out);
	if (is_killed) {
		sleep_us((unsigned)rand() % 12000);
		kill(-pid, SIGKILL);
	}
	status = end(pid, out, text, sizeof text);
	if (status && !is_killed)
		printf("recover: status %x: %s", (unsigned)status, text);
	return is_killed ? 0 : status;
}

/* Each file by a process of its own, all at once: they meet, and some give up. */
static void recover_together(int count, char **files)
{
	pid_t pids[BANK_FILES];

	for (int i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			int nowhere = open("/dev/null", O_WRONLY);

			dup2(nowhere, 1);
			dup2(nowhere, 2);
			execl(bigfile, bigfile, "recover", files[i], NULL);
			_exit(127);
		}
	}
	for (int i = 0; i < count; i++)
		waitpid(pids[i], NULL, 0);
}

static int recover_all(int count, char **files)
{
	char *order[BANK_FILES];
	int bad = 0;

	memcpy(order, files, (size_t)count * sizeof *files);
	for (int i = count - 1; i > 0; i--) {
		int j = rand() % (i + 1);
		char *t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	if (rand() % 8 == 0)
		recover_together(count, order);
	for (int at = 0; at < count && !bad;) {
		int some = 1 + rand() % 4;

		if (some > count - at)
			some = count - at;
		if (rand() % 4 == 0)
			recover_some(some, order + at, true);
		bad = recover_some(some, order + at, false);
		at += some;
	}
	return bad;
}

int bank_drive(const char *tool, int kills, int seed, const char *worker, int count, char **files)
{
	long before = 0, acknowledged_any = 0;

	bigfile = tool;
	srand((unsigned)seed);
	for (int i = 0; i < kills; i++) {
		long acknowledged = work_and_die(worker, count, files), found;

		for (int twice = 0; twice < 2; twice++) {
			if (recover_all(count, files))
				return printf("kill %d of seed %d: recovery failed\n", i, seed), 1;
		}
		found = bank_check(count, files);
		acknowledged_any += acknowledged > before;
		if (acknowledged < before)
			acknowledged = before;
		if (found < acknowledged || found > acknowledged + 1)
			return printf("kill %d of seed %d: %ld acknowledged, %ld found\n", i, seed, acknowledged, found), 1;
		before = found;
	}
	printf("%d kills, %ld transactions, %ld runs had one acknowledged\n", kills, before, acknowledged_any);
	return acknowledged_any > kills / 2 ? 0 : 1;
}
