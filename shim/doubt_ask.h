/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the coordinator's journal says, and how that is written into the record in doubt.  For doubt.c and retire.c.
 *
 * 0 or -errno; not for signal handlers.
 */
#ifndef BIGFILE_DOUBT_ASK_H
#define BIGFILE_DOUBT_ASK_H

#include <sys/stat.h>

#include "journal_scan.h"

enum doubt_answer {
	DOUBT_NONE,
	DOUBT_COMMITTED,
	DOUBT_ABORTED,
	DOUBT_UNKNOWN, /* there is no journal that could tell */
	DOUBT_OLDER,   /* there is, as it was at some time before: somebody has brought it back */
	DOUBT_BUSY,    /* somebody is using that journal */
};

/*
 * Does record seq of this journal count, with that transaction?  DOUBT_COMMITTED, DOUBT_ABORTED, or DOUBT_UNKNOWN when it is
 * damaged; durable.  held: we may write to it.  DOUBT_OLDER: it does not reach that far.
 */
int doubt_ask(int cfd, const struct journal_header *h, uint64_t seq, uint64_t transaction, bool held,
	      enum doubt_answer *answer);

/* Is this the name of a journal that is only kept for its companions? */
bool doubt_is_kept(const char *journal, uint64_t salt);
/*
 * It said DOUBT_ABORTED.  Its file may know better, on the boot on which it was written: that the record has been there, and was applied.
 * *answer: DOUBT_OLDER then.
 */
int doubt_file(int cfd, const struct journal_header *h, const char *journal, const struct stat *file, enum doubt_answer *answer);

/* It has to have the record, for that one is known to count, and does not. */
int doubt_lacks(int cfd, const struct journal_header *h, uint64_t seq, bool *lacks);

/* Writes the answer into the last record of the chain, durably, and reads the chain again.  The header may be written too. */
int doubt_write(int jfd, struct journal_header *header, struct journal_chain *chain, enum doubt_answer answer);

#endif
