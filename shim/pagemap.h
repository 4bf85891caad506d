/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel knows about the pages of this process, and of others: /proc/PID/pagemap.
 *
 * In a private mapping a page that was stored to is anonymous memory and no longer the file's.  That is
 * the root of all dirty tracking here: "copied" means present or swapped, and not a file page.
 *
 * The descriptor lives in the engine thread's table: for that thread only.  0 or -errno.
 */
#ifndef BIGFILE_PAGEMAP_H
#define BIGFILE_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "page.h"

enum pagemap_protect {
	PAGEMAP_LOOK,    /* report only */
	PAGEMAP_PROTECT, /* and write-protect what is reported, atomically per page; -EPERM: not userfaultfd's to protect */
};

/* -errno when there is no /proc or no permission; scan tells whether PAGEMAP_SCAN works. */
int pagemap_open(bool *can_scan);

/* In the child of fork: the descriptor is the parent's. */
void pagemap_after_fork(void);

/* Which pages are asked for.  "Written" is one that userfaultfd does not track, or that was stored to since it was protected. */
enum pagemap_pages {
	PAGEMAP_COPIED,         /* of private memory */
	PAGEMAP_COPIED_WRITTEN,
	PAGEMAP_COPIED_THERE,   /* in memory, too */
	PAGEMAP_WRITTEN,        /* in memory or not; -EPERM: userfaultfd does not track it, or - the process is dying - not any
				   more */
	PAGEMAP_THERE,          /* in memory, or swapped out; but not where one entry stands for a whole chunk */
	PAGEMAP_THERE_WRITTEN,
	PAGEMAP_NOWHERE,        /* neither in memory nor swapped out, nor protected: the page table says nothing of it */
};

/*
 * PAGEMAP_SCAN: calls fn for each range of such pages, stops at its first error.  Copied is what takes time: the kernel
 * has to look up each page, where for the others it reads 8 bytes.  After -EPERM nobody knows what was
 * protected before.  A page that is nowhere and has been protected counts as swapped out.
 */
typedef int (*pagemap_range_fn)(void *arg, struct range at);
int pagemap_each(enum pagemap_pages what, struct range at, enum pagemap_protect protect, pagemap_range_fn fn, void *arg);

/* Does one entry of the page table stand for the whole chunk (2 MiB) of the page at `at`?  No, where it cannot be told. */
bool pagemap_is_huge(uint64_t at);

/*
 * Another process's table: a descriptor.  By a thread that lives as long as the process does: where the first thread has
 * ended, /proc/PID/pagemap is that of nobody.  -ESRCH, -ENOENT: it is gone; -EACCES: not ours to look into, or - the
 * process is dying - nobody's any more.
 */
int pagemap_open_of(uint32_t pid, uint32_t tid);

/* PAGEMAP_WRITTEN in the process whose table fd is.  -ESRCH: its memory is gone. */
int pagemap_each_of(int fd, struct range at, enum pagemap_protect protect, pagemap_range_fn fn, void *arg);

/* The classic interface, for any kernel: PAGEMAP_COPIED, PAGEMAP_LOOK.  From where on nobody can tell, all counts as copied. */
int pagemap_each_copied(struct range at, pagemap_range_fn fn, void *arg);

#endif
