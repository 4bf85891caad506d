/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The roster of a journal: the companions for whom it may have to tell whether a transaction was committed
 * (journal_format.h).
 *
 * Entries are only ever added; one whose journal has nothing in doubt any more is struck out, by one store on the
 * disk.  A journal whose roster is full is replaced by one with more room.  Whoever writes holds the journal's lock.
 * 0 or -errno; not for signal handlers.
 */
#ifndef BIGFILE_ROSTER_H
#define BIGFILE_ROSTER_H

#include "journal.h"

struct companion {
	uint64_t salt;       /* of its journal */
	const char *journal; /* paths */
	const char *file;
	uint64_t at;         /* where the journal has it */
};

/* Calls fn for all that are not struck out, until it returns something else than 0, which is returned. */
typedef int (*roster_fn)(void *arg, const struct companion *c);
int roster_each(int fd, const struct journal_header *header, roster_fn fn, void *arg);
/* Not synced. */
int roster_strike(int fd, const struct companion *c);

/*
 * The writer's side.  roster_has reads the roster when it is not in memory, and says no when it cannot be read.
 * roster_add: not synced.  -EAGAIN: no room in this journal.
 */
bool roster_has(struct journal *j, uint64_t salt, const char *journal);
int roster_add(struct journal *j, uint64_t salt, const char *journal, const char *file);
/* At most so many bytes. */
uint64_t roster_room_for(const char *journal, const char *file);
/*
 * A companion whose journal is empty for good, or goes to another name: strikes it out.  Not synced.  True: should that be lost, it would be
 * looked for at a name that it does not have any more; of a name aside it is known what it means that nobody is there.
 */
bool roster_remove(struct journal *j, uint64_t salt);
/* Has it ever had anybody in it? */
bool roster_is_empty(struct journal *j);
/* What it was read from has been changed by somebody who cannot tell any more. */
void roster_forget(struct journal *j);

#endif
