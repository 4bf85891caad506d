/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The header of a journal that is being written: two slots, of which the newer valid one counts.
 *
 * For who writes journals, and files from them.  0 or -errno.
 */
#ifndef BIGFILE_JOURNAL_HEAD_H
#define BIGFILE_JOURNAL_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "journal_format.h"

/* The header of a new journal of `file`; not written yet. */
void journal_first_header(struct journal_header *h, const struct stat *file, bool durable);
/* What the file looks like now. */
void journal_note_file(struct journal_header *h, const struct stat *file);
/* Writes the slot whose turn it is, or both.  Not synced. */
int journal_write_header(int fd, struct journal_header *h);
int journal_write_both(int fd, struct journal_header *h);
/*
 * For who writes to the file for long, called before each write of so many bytes, *beat being zeros at first: the journal's time follows, or
 * what he has written would be taken for the work of a stranger (stranger.c).
 */
struct journal_beat {
	uint64_t next;
	size_t unseen;
};
void journal_beat(int fd, struct journal_beat *beat, size_t length);
/*
 * The page cache may show what never reached the disk, if a write failed before: what something rests on is written
 * once more, the same bytes, so that the next sync speaks of it.
 */
int journal_write_again(int fd, uint64_t at, uint64_t length);

#endif
