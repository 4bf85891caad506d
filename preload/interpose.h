/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every interposed function needs.
 *
 * Rules of preload/: a function here looks whether the call concerns Bigfile, calls the engine or the next
 * definition, and nothing else.  Before the constructor has run, and in a process without
 * marked files, everything passes straight through.  A wrapper that is not ready passes through, it
 * never fails.  errno is touched only to report an error of ours.
 *
 * libc has two names for calls with file offsets, f and f64.  They are the same here: off_t is 64 bits on every machine
 * that Bigfile is built for.
 */
#ifndef BIGFILE_INTERPOSE_H
#define BIGFILE_INTERPOSE_H

#if defined(_FILE_OFFSET_BITS) || defined(_FORTIFY_SOURCE)
#error "would rename or replace the very functions that are defined here"
#endif

#include <errno.h>
#include <stdint.h>
#include <sys/types.h>

#include "boot.h"
#include "fileops.h"
#include "real.h"

_Static_assert(sizeof(off_t) == 8, "f and f64 are one function");

#define EXPORT __attribute__((visibility("default")))
/* A second exported name for a function. */
#define ALIAS(name, of) extern __typeof__(of) name EXPORT __attribute__((alias(#of)))

/*
 * Is there anything to look after, and may this descriptor be part of it?  For calls that change a file, and for
 * those that only look at it, which without a view may as well look at the file itself.
 */
#define MAY_CHANGE(fd) (boot_is_active() && fileops_may_change(fd))
#define MAY_READ(fd) (boot_is_active() && fileops_may_read(fd))

/* Is a part of that memory a window, or reserved for windows? */
static inline bool in_window(const void *p, size_t n)
{
	return boot_is_active() && view_any() && n && view_overlaps((uintptr_t)p, n);
}

/* Tries the engine if `concerned`, falls back to the call that follows. */
#define ENGINE_OR(concerned, call, otherwise)                            \
	int64_t done_ = (concerned) ? (call) : FILEOPS_NOT_OURS;         \
	return done_ == FILEOPS_NOT_OURS ? (otherwise) : (__typeof__(otherwise))to_errno(done_)

/* -errno to libc's convention. */
static inline int64_t to_errno(int64_t result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

#endif
