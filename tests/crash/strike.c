/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: lets the engine's system calls go wrong, one in each run of victim, and looks what became of the files.
 *
 *   strike LIBRARIES VICTIM TOOL FOLDER LAYOUT PHASE SEED COUNT [FAULT]
 *
 * LIBRARIES: libfault.so and libbigfile.so, with a colon between.  PHASE: run, or recover: then the run is killed in the midst of its
 * third transaction, and `TOOL recover` meets with the fault; or rot: it is killed anywhere, or after its last commit, and a bit of a
 * journal is another one afterwards (rot.h).  COUNT: so many faults, chosen by chance; 0: all there are.  FAULT: only this one (libfault.c).
 *
 * After each fault: nobody was killed by it, or waits for ever; who was told of an error was told why, by a line; and after recovery
 * all files are in one state: that of the last transaction which was said to be committed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libfault.h"
#include "over.h"
#include "rot.h"

#define PATIENCE_MS 30000

static const char *tracker;
static char *libraries, *victim, *tool, *folder, *layout, *phase;
static int files;
static char paths[2][200];
static struct fault_counts *counts;
static char output[1 << 16];
static unsigned tried, lost, refused;
static long seed;

static const struct kind {
	const char *how; /* behind the number and the ordinal */
	bool of_data;    /* makes sense for pread and pwrite alone */
} kinds[] = {
	{ ":5", false },	 { ":28", false }, { ":12", false },	{ ":4", false },	{ ":122", false },
	{ ":5:on", false }, { ":0:short", true }, { ":0:kill", false }, { ":0:killed", false }, { ":0:wrong", true },
};

/* They wait, or tell who somebody is and what time it is: no error of theirs is in any manual. */
static bool cannot_fail(int number)
{
	static const int never[] = { SYS_futex, SYS_getpid, SYS_gettid, SYS_clock_gettime, SYS_sched_yield, SYS_nanosleep, SYS_close, SYS_kill,
				     SYS_write, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_munmap };

	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		if (never[i] == number)
			return true;
	}
	return false;
}

/* Of memory there can only be too little, or too many areas; and who gets none for good can but die. */
static bool makes_sense(int number, const struct kind *k)
{
	static const int memory[] = { SYS_mmap, SYS_mprotect, SYS_mremap, SYS_madvise };

	if (k->of_data && number != SYS_pread64 && number != SYS_pwrite64)
		return false;
	/* What is read from the file has no checksum: that is the journal's. */
	if (!strcmp(k->how, ":0:wrong"))
		return number == SYS_pread64 && !strcmp(phase, "recover") && files == 1;
	/* It looks at descriptors that are there. */
	if (number == SYS_fcntl)
		return strstr(k->how, "kill");
	for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
		if (memory[i] == number)
			return !strcmp(k->how, ":12") || strstr(k->how, "kill");
	}
	return true;
}

static void fresh_files(void)
{
	static char zeros[12 * 4096];
	char command[600];

	snprintf(command, sizeof command, "rm -f '%s'/*", folder);
	if (system(command))
		exit(2);
	for (int f = 0; f < files; f++) {
		int fd = open(paths[f], O_RDWR | O_CREAT, 0600);

		if (fd < 0 || write(fd, zeros, sizeof zeros) != sizeof zeros)
			exit(2);
		close(fd);
	}
}

/* Runs it with all its output in `output`; its status as wait gives it, or -1 when it took too long. */
static int run(char **argv, const char *preload, const char *fault)
{
	int status, ends[2];
	size_t length = 0;
	ssize_t n = 1;
	struct pollfd p;
	pid_t pid;

	if (pipe(ends))
		exit(2);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		over_hold(SIG_UNBLOCK);
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		close(ends[0]);
		close(ends[1]);
		if (preload)
			setenv("LD_PRELOAD", preload, 1);
		if (fault)
			setenv("FAULT", fault, 1);
		execv(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	p = (struct pollfd){ ends[0], POLLIN, 0 };
	while (n > 0 && length < sizeof output - 1 && poll(&p, 1, PATIENCE_MS) == 1) {
		n = read(ends[0], output + length, sizeof output - 1 - length);
		length += n > 0 ? (size_t)n : 0;
	}
	output[length] = '\0';
	close(ends[0]);
	if (n > 0) {
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		return -1;
	}
	waitpid(pid, &status, 0);
	return status;
}

static int run_victim(const char *fault)
{
	char *argv[] = { victim, "run", layout, paths[0], files > 1 ? paths[1] : NULL, NULL };

	memset(counts, 0, sizeof *counts);
	return run(argv, libraries, fault);
}

static int recover(const char *fault)
{
	char *argv[] = { tool, "recover", paths[0], files > 1 ? paths[1] : NULL, NULL };
	char fault_library[300];

	snprintf(fault_library, sizeof fault_library, "%.*s", (int)strcspn(libraries, ":"), libraries);
	memset(counts, 0, sizeof *counts);
	return run(argv, fault ? fault_library : NULL, fault);
}

static int state(void)
{
	char *argv[] = { victim, "check", paths[0], files > 1 ? paths[1] : NULL, NULL };

	run(argv, NULL, NULL);
	return atoi(output);
}

/* The last transaction that was said to be committed; *tried_one: the last that anything was said of, or that may be under way. */
static int acknowledged(bool *one_under_way)
{
	int last = 0, n, at = 0;
	char word[40];

	*one_under_way = false;
	for (const char *line = output; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (sscanf(line, "%d %39s%n", &n, word, &at) != 2 || strchr(word, ':'))
			continue;
		if (!strcmp(word, "ok"))
			last = n;
	}
	*one_under_way = strstr(output, "cannot be told") != NULL;
	return last;
}

static size_t contents(char *bytes, size_t room)
{
	size_t used = 0;

	for (int f = 0; f < files; f++) {
		int fd = open(paths[f], O_RDONLY);
		ssize_t n = fd < 0 ? -1 : pread(fd, bytes + used, room - used, 0);

		used += n > 0 ? (size_t)n : 0;
		if (fd >= 0)
			close(fd);
	}
	return used;
}

static bool was_told_of_an_error(void)
{
	return strstr(output, " commit E") || strstr(output, " mmap E") || strstr(output, " open E");
}

static void report(const char *fault, const char *what)
{
	lost++;
	printf("lost: seed %ld: %s %s, fault %s: %s\n", seed, layout, phase, fault, what);
	printf("  repeat: tests/crash/faults --only '%s %s %s %s'\n", layout, phase, tracker, fault);
	for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n"))
		printf("    | %s\n", line);
}

/* Nothing else is asked of a victim than what the fault itself does to it. */
static void check_end(int status, const char *fault, bool killing)
{
	if (status == -1)
		report(fault, "it waits for ever");
	else if (WIFSIGNALED(status) && !(killing && WTERMSIG(status) == SIGKILL))
		report(fault, "it was killed by a signal");
	else if (was_told_of_an_error() && !strstr(output, "bigfile["))
		report(fault, "an error, and no line that tells why");
}

static void strike_run(const char *fault)
{
	bool killing = strstr(fault, "kill"), unsure;
	int last, found, status;

	fresh_files();
	status = run_victim(fault);
	last = acknowledged(&unsure);
	unsure |= killing;
	check_end(status, fault, killing);
	status = recover(NULL);
	if (status)
		return report(fault, "recovery fails");
	found = state();
	if (found == last || (unsure && found == last + 1))
		return;
	snprintf(output, sizeof output, "committed: %d, found: %d", last, found);
	report(fault, found < 0 ? "torn" : "another state");
}

static char crash[64];

static void strike_recovery(const char *fault)
{
	bool killing = strstr(fault, "kill"), unsure;
	int last, found, status;

	fresh_files();
	run_victim(crash);
	last = acknowledged(&unsure);
	status = recover(fault);
	check_end(status, fault, killing);
	status = recover(NULL);
	if (status)
		return report(fault, "recovery fails afterwards");
	found = state();
	if (found != last && found != last + 1) {
		snprintf(output, sizeof output, "committed: %d, found: %d", last, found);
		report(fault, found < 0 ? "torn" : "another state");
	}
}

/*
 * Whatever bit it was: all of the file is as it was committed, or recovery refuses, by a line, and touches nothing.  Of two files
 * the record of one may be the only witness that the transaction took place in it, from the commit to the first byte that is applied:
 * so they are killed when all is.
 */
static void strike_rot(const char *fault)
{
	static char before[1 << 17], after[1 << 17];
	char what[700], text[800];
	int last, found, status;
	bool unsure;
	size_t length;

	fresh_files();
	status = run_victim(fault);
	last = acknowledged(&unsure);
	if (!rot_a_bit(folder, what, sizeof what))
		return;
	length = contents(before, sizeof before);
	status = recover(NULL);
	snprintf(text, sizeof text, "%s; after it in %s", fault, what);
	if (status && (!strstr(output, "bigfile: ") || contents(after, sizeof after) != length || memcmp(before, after, length)))
		return report(text, "recovery refuses, and says nothing, or has changed something");
	if (status)
		return (void)refused++;
	found = state();
	if (found != last && found != last + 1) {
		snprintf(output, sizeof output, "committed: %d, found: %d", last, found);
		report(text, found < 0 ? "torn" : "another state");
	}
}

static void rot_all(long count)
{
	struct fault_counts base;
	char fault[64] = "0:0:0";

	fresh_files();
	run_victim(fault);
	base = *counts;
	for (long i = 0; i < (count ? count : 1000) && !is_over(); i++) {
		int nr = (int)(random() % FAULT_CALLS);

		while (!base.calls[nr])
			nr = (nr + 1) % FAULT_CALLS;
		if (files == 1 && random() % 4)
			snprintf(fault, sizeof fault, "%d:%ld:0:%s", nr, 1 + random() % base.calls[nr], random() % 2 ? "kill" : "killed");
		else
			snprintf(fault, sizeof fault, "0:0:0");
		tried++;
		strike_rot(fault);
	}
}

static void strike(const char *fault)
{
	tried++;
	if (!strcmp(phase, "run"))
		strike_run(fault);
	else
		strike_recovery(fault);
}

static void strike_all(long count)
{
	static struct fault_counts base;
	unsigned long all = 0;

	fresh_files();
	if (!strcmp(phase, "run")) {
		if (run_victim("0:0:0") == 0x600)
			base = *counts;
	} else {
		run_victim(crash);
		recover("0:0:0");
		base = *counts;
	}
	for (int nr = 0; nr < FAULT_CALLS; nr++)
		all += cannot_fail(nr) ? 0 : base.calls[nr] * (sizeof kinds / sizeof *kinds);
	if (!all) {
		printf("lost: seed %ld: %s %s does not even run without a fault\n%s\n", seed, layout, phase, output);
		lost++;
	}
	for (int nr = 0; nr < FAULT_CALLS; nr++) {
		for (unsigned n = 1; n <= base.calls[nr] && !cannot_fail(nr); n++) {
			for (size_t k = 0; k < sizeof kinds / sizeof *kinds && !is_over(); k++) {
				char fault[64];

				if (!makes_sense(nr, &kinds[k]))
					continue;
				if (count && (unsigned long)random() % all >= (unsigned long)count)
					continue;
				snprintf(fault, sizeof fault, "%d:%u%s", nr, n, kinds[k].how);
				strike(fault);
			}
		}
	}
}

int main(int argc, char **argv)
{
	int fd = (int)syscall(SYS_memfd_create, "counts", 0);

	if (argc < 9 || fd < 0 || ftruncate(fd, sizeof *counts) || dup2(fd, FAULT_FD) < 0)
		return 2;
	libraries = argv[1];
	victim = argv[2];
	tool = argv[3];
	folder = argv[4];
	layout = argv[5];
	phase = argv[6];
	seed = atol(argv[7]);
	tracker = getenv("BIGFILE_TRACKER") ? getenv("BIGFILE_TRACKER") : "auto";
	files = strcmp(layout, "one") ? 2 : 1;
	srandom((unsigned)seed);
	over_hold(SIG_BLOCK);
	counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, FAULT_FD, 0);
	/* As a rule the one that seals the third transaction. */
	snprintf(crash, sizeof crash, "%d:%d:0:killed", SYS_fdatasync, files == 1 ? 4 : 10);
	for (int f = 0; f < files; f++)
		snprintf(paths[f], sizeof paths[f], "%s/data%d", folder, f);
	if (!strcmp(phase, "rot"))
		rot_all(atol(argv[8]));
	else if (argc > 9)
		strike(argv[9]);
	else
		strike_all(atol(argv[8]));
	printf("= tried %u survived %u lost %u %s %s %s\n", tried, tried - (lost < tried ? lost : tried), lost, layout, phase,
	       tracker);
	if (refused)
		printf("# %u refused\n", refused);
	return lost > 0;
}
