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
	PAGEMAP_PROTECT, /* write-protect what is reported, atomically per page (userfaultfd WP_ASYNC ranges
			    only; others are skipped) */
};

/* -errno when there is no /proc or no permission; scan tells whether PAGEMAP_SCAN works. */
int pagemap_open(bool *can_scan);

/* In the child of fork: the descriptor is the parent's. */
void pagemap_after_fork(void);

/*
 * PAGEMAP_SCAN: the pages in `at` that are copied and, where userfaultfd tracks them, written since
 * they were last protected.  (An untracked page always counts as written.)  Fills up to `capacity`
 * ranges; *next is where to go on, at.end when done.  Returns the number of ranges or -errno.
 */
int pagemap_scan_written(struct range at, enum pagemap_protect protect, struct range *found,
			 size_t capacity, uint64_t max_pages, uint64_t *next);

/* The same for all of `at`: calls fn for each range, stops at its first error. */
typedef int (*pagemap_range_fn)(void *arg, struct range at);
int pagemap_each_written(struct range at, enum pagemap_protect protect, pagemap_range_fn fn, void *arg);

/*
 * Another process's table: a descriptor.  By a thread that lives as long as the process does: where the first thread has
 * ended, /proc/PID/pagemap is that of nobody.  -ESRCH, -ENOENT: it is gone; -EACCES: not ours to look into, or - the
 * process is dying - nobody's any more.
 */
int pagemap_open_of(uint32_t pid, uint32_t tid);

/*
 * The same for shared memory, in the process whose table fd is: written is there what is not write-protected, in
 * memory or not.  -ESRCH: its memory is gone.  -EPERM: userfaultfd does not track it, or - the process is dying - not any more.
 */
int pagemap_each_shared(int fd, struct range at, enum pagemap_protect protect, pagemap_range_fn fn, void *arg);

/* The classic interface, for kernels without PAGEMAP_SCAN: the copied pages in `at`, as above. */
int pagemap_read_copied(struct range at, struct range *found, size_t capacity, uint64_t *next);

#endif
