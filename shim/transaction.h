/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program asks of its transaction: commit, abort, how it stands.
 *
 * Any thread, no lock held.  0 or -errno; 0 where there is no transaction.  -EPERM in a forked child that could not take
 * part in its parent's.
 */
#ifndef BIGFILE_TRANSACTION_H
#define BIGFILE_TRANSACTION_H

#include "view.h"

/* Commits everything, or rolls it back. */
int transaction_commit(void);
int transaction_abort(void);
/* A commit if a file was unlinked in the transaction. */
int transaction_commit_removals(void);

/* fsync, fdatasync, msync on a marked file: commits unless BIGFILE_SYNC=defer. */
int transaction_sync(const struct view *v);

/* All zeros, and no tracker, when there is none. */
struct transaction_summary {
	uint64_t files; /* that are in it */
	uint64_t dirty_pages;
	uint64_t resized; /* files whose size differs from the committed one */
	const char *tracker;
};
int transaction_survey(struct transaction_summary *sum);

#endif
