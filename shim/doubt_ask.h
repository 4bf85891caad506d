/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the coordinator's journal says, and how that is written into the record in doubt.  For doubt.c and retire.c.
 *
 * 0 or -errno; not for signal handlers.
 */
#ifndef BIGFILE_DOUBT_ASK_H
#define BIGFILE_DOUBT_ASK_H

#include "journal_scan.h"

enum doubt_answer {
	DOUBT_NONE,
	DOUBT_COMMITTED,
	DOUBT_ABORTED,
	DOUBT_UNKNOWN, /* there is no journal that could tell */
	DOUBT_BUSY,    /* somebody is using that journal */
};

/*
 * Does record seq of this journal count, with that transaction?  DOUBT_COMMITTED, DOUBT_ABORTED, or DOUBT_UNKNOWN when it is
 * damaged; durable.  held: we may write to it.
 */
int doubt_ask(int cfd, const struct journal_header *h, uint64_t seq, uint64_t transaction, bool held,
	      enum doubt_answer *answer);

/* Writes the answer into the last record of the chain, durably, and reads the chain again.  The header may be written too. */
int doubt_write(int jfd, struct journal_header *header, struct journal_chain *chain, enum doubt_answer answer);

#endif
