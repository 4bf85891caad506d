/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of the program's descriptors: which ones are plain, so that calls on them go
 * straight to the kernel.
 *
 * Knowledge is learned at the first use of a descriptor and forgotten whenever its number may come to mean
 * another file: close, dup2, open and their like.  UNKNOWN is always safe; a wrong PLAIN would let a
 * change slip past its transaction.  So whoever learns takes a ticket before it looks, and what
 * was forgotten in between stays unknown.
 *
 * Lock-free, async-signal-safe.  Descriptors of the program's own table, not of the engine thread's.
 */
#ifndef BIGFILE_FDS_H
#define BIGFILE_FDS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum fd_kind {
	FD_UNKNOWN,
	FD_PLAIN,  /* no regular file, or one that is not marked and has no view */
	FD_MARKED, /* a marked file, with or without a view */
};

/* Above it every descriptor stays unknown.  Entries that are not used cost no memory. */
#define FDS_KNOWN (1 << 20)

extern uint32_t fds_entries[FDS_KNOWN]; /* a count of forgettings, times 4, plus the kind */

static inline enum fd_kind fds_kind(int fd)
{
	if (fd < 0 || fd >= FDS_KNOWN)
		return FD_UNKNOWN;
	return (enum fd_kind)(__atomic_load_n(&fds_entries[fd], __ATOMIC_RELAXED) & 3);
}

static inline bool fds_is_plain(int fd)
{
	return fds_kind(fd) == FD_PLAIN;
}

uint32_t fds_ticket(int fd);

/* Ignored when fd was forgotten since the ticket was taken. */
void fds_learn(int fd, uint32_t ticket, enum fd_kind kind);

static inline void fds_forget(int fd)
{
	if (fd >= 0 && fd < FDS_KNOWN) {
		uint32_t old = __atomic_load_n(&fds_entries[fd], __ATOMIC_RELAXED);

		__atomic_store_n(&fds_entries[fd], (old | 3) + 1, __ATOMIC_RELEASE);
	}
}

/* Both ends included, as for close_range(2). */
void fds_forget_range(unsigned first, unsigned last);

static inline void fds_forget_all(void)
{
	fds_forget_range(0, UINT_MAX);
}

#endif
