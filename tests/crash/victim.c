/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a program that is to meet with faults: transactions over one or two files, and a line for each of what its calls said.
 *
 *   victim run LAYOUT FILE...     LAYOUT: one, two, shared (a child takes the third transaction)
 *   VICTIM_AREAS=N: leaves that many areas of memory to itself
 *   VICTIM_KILLED: is killed after the last transaction
 *   VICTIM_PAUSE=FILE: before the first commit it makes FILE.wanted, and waits for FILE.done
 *   VICTIM_LIFT=FILE: after the first error it makes FILE.wanted, waits for FILE.done, and all must go through then
 *   victim check FILE...          prints the number of the state that all files are in; -1: of none, torn
 *
 * State n: every page begins with n, and the size tells n too.  Transaction n brings the files from n-1 to n, the second one after it has
 * been aborted once.  Lines: "N ok", or "N call ERROR", after which the commit is tried once more, and then the program ends.
 */
#include <bigfile.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 12
#define LIMIT (PAGES * 4096 + 20000)
#define LAST 4

static char **names;
static int files, fds[2];
static char *maps[2];

static off_t size_of(int n)
{
	return PAGES * 4096 + n * 37 % 5 * 3001;
}

static void say(int n, const char *text)
{
	char line[100];
	int length = snprintf(line, sizeof line, "%d %s\n", n, text);

	if (write(1, line, (size_t)length) != length)
		_exit(9);
}

static void say_error(int n, const char *call)
{
	char text[80];

	snprintf(text, sizeof text, "%s %s", call, strerrorname_np(errno));
	say(n, text);
}

static void give_up(int n, const char *call)
{
	say_error(n, call);
	_exit(7);
}

static void ask(const char *file)
{
	char name[600];

	snprintf(name, sizeof name, "%s.wanted", file);
	close(open(name, O_WRONLY | O_CREAT, 0666));
	snprintf(name, sizeof name, "%s.done", file);
	for (int i = 0; i < 3000 && access(name, F_OK); i++)
		usleep(10000);
}

/* True once: what failed is to be tried again, for whoever was asked has lifted a limit. */
static int is_lifted(int n, const char *call)
{
	const char *file = getenv("VICTIM_LIFT");
	static int lifted;

	if (!file || lifted)
		return 0;
	lifted = 1;
	say_error(n, call);
	ask(file);
	return 1;
}

static void change(int n)
{
	for (int f = 0; f < files; f++) {
		while (ftruncate(fds[f], size_of(n))) {
			if (!is_lifted(n, "ftruncate"))
				give_up(n, "ftruncate");
		}
		for (int p = 0; p < PAGES; p++)
			memcpy(maps[f] + p * 4096, &n, sizeof n);
		/* By the call too, and in a page of the part that comes and goes. */
		while (pwrite(fds[f], &n, sizeof n, size_of(n) - 4) != sizeof n) {
			if (!is_lifted(n, "pwrite"))
				give_up(n, "pwrite");
		}
	}
}

static void transaction(int n)
{
	change(n);
	if (n == 2 && bigfile_abort()) {
		say_error(n, "abort");
		change(n);
	} else if (n == 2) {
		change(n);
	}
	if (n == 1 && getenv("VICTIM_PAUSE"))
		ask(getenv("VICTIM_PAUSE"));
	if (!bigfile_commit())
		return say(n, "ok");
	if (!is_lifted(n, "commit"))
		say_error(n, "commit");
	if (!bigfile_commit())
		return say(n, "ok");
	give_up(n, "commit");
}

/* Leaves only so many areas of memory to the process. */
static void use_up_areas(long leave)
{
	char line[256];
	long most = 0, n = 0;
	char *p;
	FILE *f = fopen("/proc/sys/vm/max_map_count", "r");

	if (f && fscanf(f, "%ld", &most) == 1)
		fclose(f);
	f = fopen("/proc/self/maps", "r");
	while (f && fgets(line, sizeof line, f))
		n++;
	if (f)
		fclose(f);
	most -= n + leave + 1;
	p = mmap(NULL, (size_t)most * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* Each one in the midst of the others is two more. */
	for (long i = 1; p != MAP_FAILED && i + 1 < most; i += 2)
		mprotect(p + i * 4096, 4096, PROT_READ);
}

static int run(int shared)
{
	const char *areas = getenv("VICTIM_AREAS");

	if (areas)
		use_up_areas(atol(areas));
	for (int f = 0; f < files; f++) {
		fds[f] = open(names[f], O_RDWR);
		if (fds[f] < 0)
			give_up(0, "open");
		maps[f] = mmap(NULL, LIMIT, PROT_READ | PROT_WRITE, MAP_SHARED, fds[f], 0);
		while (maps[f] == MAP_FAILED) {
			if (!is_lifted(0, "mmap"))
				give_up(0, "mmap");
			maps[f] = mmap(NULL, LIMIT, PROT_READ | PROT_WRITE, MAP_SHARED, fds[f], 0);
		}
	}
	for (int n = 1; n <= LAST; n++) {
		pid_t child = shared && n == 3 ? fork() : 0;
		int status;

		if (child < 0)
			give_up(n, "fork");
		if (!child)
			transaction(n);
		if (shared && n == 3 && !child)
			_exit(0);
		if (child && (waitpid(child, &status, 0) != child || status))
			_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 7);
	}
	if (getenv("VICTIM_KILLED"))
		raise(SIGKILL);
	/* Never to be seen. */
	change(LAST + 1);
	return 0;
}

static int state_of(const char *name)
{
	static char bytes[LIMIT + 1];
	int n, fd = open(name, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);

	if (fd >= 0)
		close(fd);
	if (length < PAGES * 4096)
		return -1;
	memcpy(&n, bytes, sizeof n);
	for (int p = 0; p < PAGES; p++) {
		if (memcmp(bytes + p * 4096, &n, sizeof n))
			return -1;
	}
	return length == size_of(n) && (n == 0 || !memcmp(bytes + length - 4, &n, sizeof n)) ? n : -1;
}

static int check(void)
{
	int n = state_of(names[0]);

	for (int f = 1; f < files; f++) {
		if (state_of(names[f]) != n)
			n = -1;
	}
	printf("%d\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "check")) {
		names = argv + 2;
		files = argc - 2;
		return check();
	}
	if (argc < 4)
		return 2;
	names = argv + 3;
	files = argc - 3;
	/* A limit of sizes is an errno then, and not the end. */
	signal(SIGXFSZ, SIG_IGN);
	/* Rolled back at the end, as every other status is. */
	return run(!strcmp(argv[2], "shared")) ? 8 : 6;
}
