/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For libraries that take the place of libc's syscall(): the kernel's own entry, and what syscall() makes of its answer.
 *
 * x86-64.  Any context.
 */
#ifndef LIBCALL_H
#define LIBCALL_H

#include <errno.h>

/* The kernel's answer: -errno where it has failed. */
static inline long raw6(long nr, const long *a)
{
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#define raw(nr, ...) raw6(nr, (long[6]){ __VA_ARGS__ })

static inline long answer_of(long result)
{
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

#endif
