/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: runs a racer under Bigfile and libshake.so, again and again with seed after seed, and looks what it leaves.
 *
 *   race LIBRARIES RACER PLUGIN TOOL FOLDER PART TRACKER SEED COUNT
 *
 * LIBRARIES: libshake.so and libbigfile.so, with a colon between.  Parts: stores, calls, fork, signals, plugin, ending, and join: two programs
 * that come and go.  One try is a seed: fresh files, one to three runs of the racer on them, each of which goes on where the one before has
 * ended, whichever way it did; recovery by the tool, or by the next run.  What must hold is in racer.h; besides nobody waits for ever, dies
 * of what it did not do itself, or is told that a commit has failed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "racer.h"

#define PATIENCE_MS 60000
#define SIZE (BASE + (TAILS + 1) * TAIL)

static char *libraries, *racer, *plugin, *tool, *folder, *part;
static char paths[2][200];
struct common *common;
static char output[1 << 16];
static char history[300]; /* of a try: how each run has ended, and whether it was recovered by the tool */
static int ends[2]; /* of the pipe that all that run write to */
static bool hung;
static int patience = PATIENCE_MS;

static void fresh_files(void)
{
	for (int i = 0; i < 2; i++) {
		char journal[500];
		int fd;

		snprintf(journal, sizeof journal, "%s.bigfile-journal", paths[i]);
		unlink(journal);
		unlink(paths[i]);
		fd = open(paths[i], O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || ftruncate(fd, BASE))
			exit(2);
		close(fd);
	}
}

/* Who was killed may have had it. */
static void fresh_gate(void)
{
	pthread_rwlockattr_t shared;

	pthread_rwlockattr_init(&shared);
	pthread_rwlockattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_rwlockattr_setkind_np(&shared, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&common->gate, &shared);
}

static pid_t start_racer(pid_t group, const char *which, uint64_t seed)
{
	char seed_text[30], ms[10];
	char *argv[] = { racer, (char *)which, seed_text, ms, paths[0], paths[1], plugin, NULL };
	pid_t pid;

	snprintf(seed_text, sizeof seed_text, "%lu", seed);
	snprintf(ms, sizeof ms, "%lu", strcmp(which, "ending") ? 5 + scatter(seed) % 60 : 1 + scatter(seed) % 8);
	pid = fork();
	if (pid)
		return pid;
	setpgid(0, group);
	dup2(ends[1], 1);
	dup2(ends[1], 2);
	close(ends[0]);
	close(ends[1]);
	setenv("LD_PRELOAD", libraries, 1);
	setenv("SHAKE", seed_text, 1);
	execv(racer, argv);
	_exit(127);
}

/* Which calls its threads are in, for who reads it. */
static void tell_of(pid_t group)
{
	char command[400];

	snprintf(command, sizeof command, "for p in $(pgrep -g %d); do for t in /proc/$p/task/*; do echo \"  $t $(cat $t/comm $t/syscall $t/wchan | tr '\\n' ' ')\"; "
		 "done; %s; done 2>/dev/null", group, getenv("RACE_GDB") ? "gdb -p $p -batch -ex 'thread apply all bt'" : "true");
	fflush(stdout);
	if (system(command))
		puts("  gone");
}

/* To the end of all who have the pipe. */
static void listen_to(pid_t group)
{
	struct pollfd p = { ends[0], POLLIN, 0 };
	size_t length = strlen(output);
	ssize_t n = 1;

	while (n > 0 && poll(&p, 1, patience) == 1) {
		char rest[4096];

		n = read(ends[0], rest, sizeof rest);
		for (ssize_t i = 0; i < n && length < sizeof output - 1; i++)
			output[length++] = rest[i];
	}
	output[length] = '\0';
	if (n > 0) {
		hung = true;
		tell_of(group);
		kill(-group, SIGKILL);
	}
}

static bool status_is_good(int status, const char *who, char *why, size_t space)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return true;
	if (WIFSIGNALED(status) && strchr((char[]){ SIGKILL, SIGTERM, SIGABRT, 0 }, WTERMSIG(status)))
		return true;
	snprintf(why, space, "the %s ended with status 0x%x", who, status);
	return false;
}

/* The second program, some times, in a process of its own. */
static pid_t start_seconds(pid_t group, uint64_t seed)
{
	char why[100];
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, group);
	for (uint64_t n = 1 + scatter(seed) % 3; n; n--) {
		int status = 0;

		usleep((unsigned)(scatter(seed + n) % 20000));
		waitpid(start_racer(group, "second", seed + 1000 * n), &status, 0);
		if (!status_is_good(status, "second program", why, sizeof why)) {
			memcpy(common->why, why, sizeof why);
			break;
		}
	}
	_exit(0);
}

static volatile pid_t running; /* its group */

static void end_all(int sig)
{
	if (running)
		kill(-running, SIGKILL);
	_exit(143);
}

static bool run(uint64_t seed, int *status, char *why, size_t space)
{
	bool joins = !strcmp(part, "join");
	pid_t pid, others = 0;

	output[0] = '\0';
	common->at_rest = common->ending = false;
	common->program_count = 0;
	if (pipe(ends))
		exit(2);
	pid = start_racer(0, joins ? "first" : part, seed);
	setpgid(pid, pid);
	running = pid;
	if (joins)
		others = start_seconds(pid, seed);
	close(ends[1]);
	listen_to(pid);
	close(ends[0]);
	waitpid(pid, status, 0);
	if (others)
		waitpid(others, NULL, 0);
	running = 0;
	if (hung)
		snprintf(why, space, "waits for ever");
	else if (common->why[0])
		snprintf(why, space, "%s", common->why);
	return !hung && !common->why[0] && status_is_good(*status, "program", why, space);
}

static bool recover(char *why, size_t space)
{
	char command[1000];

	snprintf(command, sizeof command, "'%s' recover '%s' '%s' >'%s/recover.out' 2>&1", tool, paths[0], paths[1], folder);
	/* Who was killed has let go of nothing before the kernel gets to it. */
	for (int i = 0; i < 100; i++) {
		if (!system(command))
			return true;
		usleep(20000);
	}
	snprintf(why, space, "recovery failed: %s/recover.out", folder);
	return false;
}

static bool files_are_good(const uint64_t *floor, char *why, size_t space)
{
	static char *memory[2];
	uint64_t size = 0;

	for (int i = 0; i < 2; i++) {
		int fd = open(paths[i], O_RDONLY);
		ssize_t n;

		if (!memory[i])
			memory[i] = malloc(SIZE);
		n = fd < 0 ? -1 : pread(fd, memory[i], SIZE, 0);
		close(fd);
		if (n < BASE) {
			snprintf(why, space, "%s has %zd bytes", paths[i], n);
			return false;
		}
		size = (uint64_t)n;
	}
	return state_is_good(memory, size, floor, why, space);
}

/* Of a program; what it has to say of a forked child is nothing, for it has lost track of all that threads did before. */
static char *warning_of_sanitizer(void)
{
	for (unsigned i = 0; i < common->program_count && i < 16; i++) {
		char text[40], *at = output;

		snprintf(text, sizeof text, "(pid=%u)\n", common->programs[i]);
		while ((at = strstr(at, "WARNING: ThreadSanitizer"))) {
			const char *pid = strstr(at, "(pid=");

			if (pid && !strncmp(pid, text, strlen(text)))
				return at;
			at++;
		}
	}
	return NULL;
}

/* What a commit that failed says, or a sanitizer. */
static bool output_is_good(char *why, size_t space)
{
	char *at = strstr(output, "failed:");

	if (!at)
		at = warning_of_sanitizer();
	if (!at)
		return true;
	while (at > output && at[-1] != '\n')
		at--;
	snprintf(why, space, "told: %.*s", (int)strcspn(at, "\n"), at);
	return false;
}

static bool attempt(uint64_t seed, char *why, size_t space)
{
	uint64_t random = seed;
	int runs = 1 + (int)(chance(&random) % 3), length = 0, status;

	history[0] = '\0';
	fresh_files();
	memset(common, 0, sizeof *common);
	/* So small that files are loaded as they are touched, and leave memory again. */
	setenv("BIGFILE_MEMORY", chance(&random) % 3 ? "100M" : "256K", 1);
	setenv("BIGFILE_INTERVAL", chance(&random) % 3 ? "0" : "0.01", 1);
	for (int i = 0; i < runs; i++) {
		bool by_tool = i == runs - 1 || chance(&random) % 2;

		fresh_gate();
		if (!run(seed * 16 + (uint64_t)i, &status, why, space) || !output_is_good(why, space))
			return false;
		length += snprintf(history + length, sizeof history - (size_t)length, " 0x%x%s%s", status, common->at_rest ? " at rest" : "",
				   by_tool ? ", recovered;" : ";");
		if (!by_tool)
			continue;
		if (!recover(why, space))
			return false;
		if (common->at_rest && WIFEXITED(status) && WEXITSTATUS(status) == 0 && strcmp(part, "join"))
			memcpy(common->floor, common->last, sizeof common->floor);
		if (!files_are_good(common->floor, why, space))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	uint64_t seed = strtoull(argv[8], NULL, 10), count = strtoull(argv[9], NULL, 10), tried = 0, lost = 0, steps = 0, commits = 0, aborts = 0;
	int fd = memfd_create("common", 0);
	char why[500];

	if (getenv("RACE_PATIENCE"))
		patience = 1000 * atoi(getenv("RACE_PATIENCE"));
	signal(SIGTERM, end_all);
	libraries = argv[1], racer = argv[2], plugin = argv[3], tool = argv[4], folder = argv[5], part = argv[6];
	setenv("BIGFILE_TRACKER", argv[7], 1);
	if (dup2(fd, COMMON_FD) < 0 || ftruncate(COMMON_FD, sizeof *common))
		return 2;
	common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED, COMMON_FD, 0);
	for (int i = 0; i < 2; i++)
		snprintf(paths[i], sizeof paths[i], "%s/%c", folder, "ab"[i]);
	for (; tried < count && !(lost && getenv("CRASH_STOP")); tried++, seed++) {
		hung = false;
		if (!attempt(seed, why, sizeof why)) {
			lost++;
			printf("lost: seed %lu: %s, %s: %s\n  repeat: tests/crash/races --only '%s %s' --seed %lu --count 50\n  runs:%s\n%s", seed, part, argv[7], why,
			       part, argv[7], seed, history, output);
		}
		steps += common->steps, commits += common->commits, aborts += common->aborts;
		fflush(stdout);
	}
	printf("%s, %s: %lu steps, %lu commits, %lu aborts\n", part, argv[7], steps, commits, aborts);
	printf("= tried %lu survived %lu lost %lu %s, %s\n", tried, tried - lost, lost, part, argv[7]);
	return lost > 0;
}
