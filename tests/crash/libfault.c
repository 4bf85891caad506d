/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded before the library: makes one of the engine's system calls go wrong.  The engine enters the kernel by syscall(2) alone
 * (shim/sys.h), so that this one function sees all that it does, and nothing of the program.
 *
 *   FAULT=NUMBER:N:ERROR[:HOW]   the N-th call of that number, in all processes together, fails with that errno
 *     on      and so do all after it
 *     short   a read or write does half of what it was asked; the errno is not used
 *     wrong   a read succeeds with a bit turned over
 *     kill    the process is killed instead of it
 *     killed  the process is killed after it
 *
 * Descriptor 99, if it is there, is memory in which the calls are counted: struct fault_counts.
 */
#include "libcall.h"
#include "libfault.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct fault_counts *counts;
static long number = -1, wanted, failure;
static char how;
static bool lasting, after;

static void begin(void)
{
	const char *text = getenv("FAULT");
	void *p = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, FAULT_FD, 0);
	char *rest;

	counts = p == MAP_FAILED ? calloc(1, sizeof *counts) : p;
	if (!text)
		return;
	number = strtol(text, &rest, 10);
	wanted = *rest ? strtol(rest + 1, &rest, 10) : 0;
	failure = *rest ? strtol(rest + 1, &rest, 10) : 0;
	how = *rest ? rest[1] : 0;
	lasting = how == 'o';
	after = *rest && !strcmp(rest + 1, "killed");
}

static bool is_the_one(long nr)
{
	uint32_t n;

	if (nr < 0 || nr >= FAULT_CALLS)
		return false;
	n = __atomic_add_fetch(&counts->calls[nr], 1, __ATOMIC_RELAXED);
	if (nr != number || !(n == wanted || (lasting && n > wanted)))
		return false;
	__atomic_add_fetch(&counts->fired, 1, __ATOMIC_RELAXED);
	return true;
}

static long go_wrong(long nr, long *a)
{
	long result;

	switch (how) {
	case 's':
		if ((nr == SYS_pread64 || nr == SYS_pwrite64) && a[2] > 1)
			a[2] /= 2;
		return raw6(nr, a);
	case 'w':
		result = raw6(nr, a);
		if ((nr == SYS_pread64 || nr == SYS_read) && result > 0)
			((char *)a[1])[result / 2] ^= 4;
		return result;
	case 'k':
		result = after ? raw6(nr, a) : 0;
		raw(SYS_kill, raw(SYS_getpid, 0), SIGKILL);
		return result;
	default:
		return -failure;
	}
}

long syscall(long nr, ...)
{
	long a[6], result;
	va_list args;

	va_start(args, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (!counts)
		begin();
	result = is_the_one(nr) ? go_wrong(nr, a) : raw6(nr, a);
	return answer_of(result);
}
