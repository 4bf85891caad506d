/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Journals in doubt: was the transaction of the last record, a prepared one, committed?  The coordinator's journal knows.
 *
 * What it says is made durable there before it is used here, then written into the record and made durable before anything
 * else happens; from then on the record needs nobody.  So it does not matter in which order the files
 * of a transaction are recovered, or how often that is begun.
 *
 * Locks: who settles a journal holds its lock and tries for the coordinator's; who lets a coordinator's journal go (retire.h) holds
 * that and tries for its companions' journals.  Nobody waits without end, so nobody waits for each other.
 *
 * 0 or -errno; not for signal handlers.
 */
#ifndef BIGFILE_DOUBT_H
#define BIGFILE_DOUBT_H

#include <sys/stat.h>

#include "doubt_ask.h"

enum doubt_how {
	DOUBT_LOOK,    /* only ask */
	DOUBT_SETTLE,  /* ask, and write the answer into the record */
	DOUBT_COMMIT,  /* where nobody knows, take it for committed */
	DOUBT_ABORT,   /* or for aborted */
	DOUBT_OURS,    /* the session in which it happened, its lock held: the journals are our own */
};

struct doubt {
	enum doubt_answer answer;
	char coordinator[4096];     /* the path of the journal that was asked, or that cannot be asked */
	struct journal_header asked; /* its header: DOUBT_BUSY */
	char reason[128];           /* DOUBT_UNKNOWN: why, one clause */
};

/*
 * jfd: a journal at the path `journal`, open for reading and writing and locked unless how is DOUBT_LOOK; file: its marked file.
 * header and chain: as read from it; the chain is read again when the record was written to.
 * After DOUBT_UNKNOWN and DOUBT_BUSY nothing has been written.
 */
int doubt_settle(int jfd, const char *journal, const struct stat *file, struct journal_header *header,
		 struct journal_chain *chain, enum doubt_how how, struct doubt *d);

/*
 * The last record is a prepared one that is known to count.  DOUBT_NONE, or DOUBT_UNKNOWN: the journal that decided it is there, and does not
 * have that any more.  Whoever brought it back from a backup has its file as it was then, or half.  Writes nothing.
 */
int doubt_confirm(int jfd, const char *journal, const struct journal_chain *chain, struct doubt *d);

#endif
