/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Bigfile costs a program that maps nothing: the time from posix_spawn to the end of `true`, plain, under
 * `bigfile run`, and with the library preloaded; by turns, in one run.  Prints medians and differences.  `bigfile run`
 * ends in an exec: what a program that does nothing but exec costs is the least that it can cost.
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

extern char **environ;

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

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 1000;
	double *plain = calloc((size_t)n, sizeof *plain), *tool = calloc((size_t)n, sizeof *tool),
	       *preloaded = calloc((size_t)n, sizeof *preloaded), *twice = calloc((size_t)n, sizeof *twice), base;
	char bigfile[500], preload[500];
	char *plain_argv[] = { "/bin/true", NULL };
	char *twice_argv[] = { argv[0], "--exec", NULL };
	char *tool_argv[] = { bigfile, "run", "-p", "/nonexistent/", "--", "/bin/true", NULL };
	char *envp[] = { "PATH=/bin:/usr/bin", preload, "BIGFILE_PATHS=/nonexistent/", NULL };

	if (!strcmp(argv[1], "--exec"))
		return execv(plain_argv[0], plain_argv);
	snprintf(bigfile, sizeof bigfile, "%s/bigfile", argv[1]);
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s/.libs/libbigfile.so", argv[1]);
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	for (int i = 0; i < n; i++) {
		plain[i] = run(plain_argv, environ);
		preloaded[i] = run(plain_argv, envp);
		tool[i] = run(tool_argv, environ);
		twice[i] = run(twice_argv, environ);
	}
	base = median(plain, n);
	printf("BenchmarkStartTrue %d %.0f us\n", n, base);
	printf("BenchmarkStartTruePreloaded %d %.0f us, %+.0f us\n", n, median(preloaded, n), median(preloaded, n) - base);
	printf("BenchmarkStartTrueByExec %d %.0f us, %+.0f us\n", n, median(twice, n), median(twice, n) - base);
	printf("BenchmarkStartTrueUnderRun %d %.0f us, %+.0f us\n", n, median(tool, n), median(tool, n) - base);
	return 0;
}
