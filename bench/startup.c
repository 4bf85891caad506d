/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Bigfile costs a program that maps nothing: the time from posix_spawn to the end of `true`, plain, with the
 * library preloaded, and under `bigfile run`, each without patterns and with one; by turns, in one run.  Prints medians
 * and differences.  `bigfile run` ends in an exec: what a program that does nothing but exec costs is the least that
 * it can cost.
 *
 *   startup BUILD_FOLDER [ROUNDS]
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double run(char **argv, char **envp)
{
	double start = now_us();
	int status;
	pid_t pid;

	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, envp))
		exit(1);
	waitpid(pid, &status, 0);
	if (status)
		exit(1);
	return now_us() - start;
}

static int order(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof *values, order);
	return values[n / 2];
}

/* One way of starting true, and its times. */
struct way {
	const char *name;
	char **argv, **envp;
	double *us;
};

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 1000;
	char bigfile[500], preload[500];
	char *plain[] = { "/bin/true", NULL }, *twice[] = { argv[0], "--exec", NULL };
	char *run_unmarked[] = { bigfile, "run", "--", "/bin/true", NULL };
	char *run_marked[] = { bigfile, "run", "-p", "/nonexistent/", "--", "/bin/true", NULL };
	char *none[] = { "PATH=/bin:/usr/bin", NULL }, *unmarked[] = { none[0], preload, NULL };
	char *marked[] = { none[0], preload, "BIGFILE_PATHS=/nonexistent/", NULL };
	struct way ways[] = { { "True", plain, none, NULL },
			      { "TruePreloaded", plain, unmarked, NULL },
			      { "TruePreloadedMarked", plain, marked, NULL },
			      { "TrueByExec", twice, none, NULL },
			      { "TrueUnderRun", run_unmarked, none, NULL },
			      { "TrueUnderRunMarked", run_marked, none, NULL } };
	int count = sizeof ways / sizeof *ways;
	double base = 0;

	if (!strcmp(argv[1], "--exec"))
		return execv(plain[0], plain);
	snprintf(bigfile, sizeof bigfile, "%s/bigfile", argv[1]);
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s/.libs/libbigfile.so", argv[1]);
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	for (int w = 0; w < count; w++)
		ways[w].us = calloc((size_t)n, sizeof *ways[w].us);
	for (int i = 0; i < n; i++) {
		for (int w = 0; w < count; w++)
			ways[w].us[i] = run(ways[w].argv, ways[w].envp);
	}
	for (int w = 0; w < count; w++) {
		double us = median(ways[w].us, n);

		base = w ? base : us;
		printf("BenchmarkStart%s %d %.0f us, %+.0f us\n", ways[w].name, n, us, us - base);
	}
	return 0;
}
