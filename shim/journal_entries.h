/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Do the entries of a record make sense?  They are looked at while the checksum of its body is taken, in pieces that end anywhere,
 * so that a record is known to be sound before anything of it is written.
 *
 * No locks; any thread.
 */
#ifndef BIGFILE_JOURNAL_ENTRIES_H
#define BIGFILE_JOURNAL_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

#include "journal_format.h"

struct entries {
	const struct journal_record *record;
	uint64_t seen; /* bytes of the body */
	uint64_t next; /* where the next one begins */
	size_t have;   /* bytes of its head */
	union {
		uint8_t bytes[sizeof(struct journal_entry)];
		struct journal_entry entry;
	} head;
	bool bad;
};

/* Begin with { .record = r }.  The next piece of its body. */
void entries_see(struct entries *s, const char *piece, size_t length);

/* After the last piece.  0, or -EBADMSG: its checksum may be right, but no writer of ours has made it. */
int entries_verdict(const struct entries *s);

#endif
