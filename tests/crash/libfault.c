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

static long raw(long nr, const long *a)
{
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

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
		return raw(nr, a);
	case 'w':
		result = raw(nr, a);
		if ((nr == SYS_pread64 || nr == SYS_read) && result > 0)
			((char *)a[1])[result / 2] ^= 4;
		return result;
	case 'k':
		result = after ? raw(nr, a) : 0;
		raw(SYS_kill, (long[]){ raw(SYS_getpid, (long[6]){ 0 }), SIGKILL, 0, 0, 0, 0 });
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
	result = is_the_one(nr) ? go_wrong(nr, a) : raw(nr, a);
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return -1;
	}
	return result;
}
