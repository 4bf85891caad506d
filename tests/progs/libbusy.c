/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded before the library: a machine on which the engine, when it yields its CPU, has it back after 50 ms, while the program's threads have
 * theirs.  At the end it says how often that was.
 *
 * The engine enters the kernel by syscall() alone.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../crash/libcall.h"

static long yields;

long syscall(long nr, ...)
{
	struct timespec rest = { 0, 50000000 };
	long a[6];
	va_list args;

	va_start(args, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (nr == SYS_sched_yield) {
		__atomic_add_fetch(&yields, 1, __ATOMIC_RELAXED);
		raw(SYS_nanosleep, (long)&rest, 0);
	}
	return answer_of(raw6(nr, a));
}

static void __attribute__((destructor)) say(void)
{
	fprintf(stderr, "yielded %ld times\n", yields);
}
