/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the entries of one record, whose head and checksum are known to be right: what they say is still not believed before it was
 * compared with the record's length, and the checksum is taken once more on the way, for they may read back otherwise now.
 *
 * Reads only; no locks; not for signal handlers.  0 or -errno.
 */
#ifndef BIGFILE_JOURNAL_READ_H
#define BIGFILE_JOURNAL_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "journal_format.h"

#ifndef JOURNAL_CACHED
#define JOURNAL_CACHED ((uint64_t)128 << 20) /* bytes of a record that its writer and its readers leave in the page cache */
#endif

/* Gets a piece of an entry: data for [offset, offset + length) of the file. */
typedef int (*journal_entry_fn)(void *arg, uint64_t offset, const void *data, size_t length);

/*
 * Calls fn for the entries of a record at `offset`, in order, in pieces of at most the scratch
 * memory's size.  Stops at the first error and returns it; -EBADMSG when entries overrun the record, or, after the last one, when they
 * are not what it was sealed with.  The reference of a prepared record is passed over.
 */
int journal_each_entry(int fd, uint64_t offset, const struct journal_record *record,
		       journal_entry_fn fn, void *arg);

/*
 * The reference of a prepared record, in memory of *length bytes that is the caller's to free (arena_free): a struct
 * journal_reference and two paths that end where it says.  -EBADMSG: it has none.
 */
int journal_read_reference(int fd, uint64_t offset, const struct journal_record *record,
			   struct journal_reference **reference, size_t *length);
/* Are the two paths behind a head of `head` bytes what the lengths say?  room: bytes there are. */
bool journal_paths_are_sound(const char *paths, uint64_t journal_length, uint64_t file_length, uint64_t room);

#endif
