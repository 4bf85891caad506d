/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Test Anything Protocol, as much of it as the unit tests need.
 *
 *	plan(2); ok(p != NULL, "it is there"); is_int(count(p), 3, "with three parts"); return done();
 *
 * For the main thread of the program that was started; done() is its exit status.
 */
#ifndef BIGFILE_TAP_H
#define BIGFILE_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_planned, tap_run, tap_failed;

static inline void plan(int n)
{
	/* A child that dies must not print what the parent had buffered. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	tap_planned = n;
	printf("1..%d\n", n);
}

static inline bool ok(bool cond, const char *text)
{
	tap_failed += !cond;
	printf("%s %d - %s\n", cond ? "ok" : "not ok", ++tap_run, text);
	return cond;
}

static inline bool is_int(long long got, long long want, const char *text)
{
	if (!ok(got == want, text)) {
		printf("# got %lld, want %lld\n", got, want);
		return false;
	}
	return true;
}

static inline int done(void)
{
	if (tap_run != tap_planned)
		printf("# %d planned, %d run\n", tap_planned, tap_run);
	return tap_failed || tap_run != tap_planned;
}

#endif
