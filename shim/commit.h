/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commit and abort of the one transaction that all views share.
 *
 * Engine thread, under the session lock.  See doc/design.md for the steps and what a crash after each
 * of them leaves.
 */
#ifndef BIGFILE_COMMIT_H
#define BIGFILE_COMMIT_H

#include "view.h"

struct commit_report {
	uint64_t pages;       /* that were dirty */
	uint64_t bytes;       /* of the journal records */
	uint64_t duration_ns;
	unsigned rounds;      /* of copying */
	bool stopped;         /* writers had to be held up */
	unsigned files;       /* that had changed */
};

/*
 * 0: everything that was stored before the call is committed, in all files.  -errno: nothing of it is, the
 * transaction is still open and the files are untouched; said in one line.
 */
int commit_all(struct commit_report *report);

/* 0: every view shows the committed state again. */
int abort_all(struct commit_report *report);

/* Is there anything to commit?  Cheap: stops at the first dirty page. */
bool transaction_is_open(void);

#endif
