/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sealing a transaction: the records that have been built are made durable, all or none of them.
 *
 * One changed file: its record is the commit.  Several: one of their journals is the coordinator's.  The others' records are
 * prepared, all of them made durable at once; then the coordinator's record is the commit (journal_format.h).
 *
 * Engine thread, under the session lock.
 */
#ifndef BIGFILE_SEAL_H
#define BIGFILE_SEAL_H

#include "view.h"

/*
 * 0: the transaction is committed, and has to be applied to every view whose build has changes.  -errno: it is not, and the
 * records are gone; *at_fault is the view whose journal it was, if it was one.  -EAGAIN: a journal has no room before it is emptied,
 * or, with roster_wanted, replaced.  When it cannot be told - two errors in a row - the views take no commit any
 * more (view.error), which is said, and recovery will tell.
 */
int seal_all(struct view **at_fault);

#endif
