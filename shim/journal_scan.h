/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading journals: headers, the chain of records, their entries.
 *
 * Everything read here may have been written by a crash, a bad disk or an enemy: no number is
 * used before it was checked against the file's length.  Reads only; no locks; not for
 * signal handlers.  0 or -errno.
 */
#ifndef BIGFILE_JOURNAL_SCAN_H
#define BIGFILE_JOURNAL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "journal_format.h"

enum journal_find {
	FOUND_NOTHING, /* never written */
	FOUND_HEADER,
	FOUND_DAMAGE,  /* written, and no slot is valid */
	FOUND_NEWER,   /* valid, of a version or with flags that we do not know */
};

/* Reads both slots; *header is the one that counts.  -errno only for I/O errors. */
int journal_read_header(int fd, struct journal_header *header, enum journal_find *found);

struct journal_chain {
	uint64_t records;
	uint64_t bytes;        /* of the entries */
	uint64_t last_seq;     /* head_seq - 1 when there are no records */
	uint64_t last_at;      /* its offset; meaningful when records > 0 */
	uint64_t end;          /* offset after the last record, rounded up */
	uint64_t last_time;
	uint64_t new_size;     /* meaningful when records > 0 */
	bool removed;          /* the last record says that the file is deleted */
	bool doubtful;         /* the last record is prepared, and nothing here tells whether it counts */
	bool gap;              /* a committed record after the end, a missing one, or one that makes no sense: corrupt */
	bool newer;            /* the chain stops at a record that this version does not know */
};

/* Walks the chain from the header's head and checks every byte of it. */
int journal_scan(int fd, const struct journal_header *header, struct journal_chain *chain);

/* Where record seq is, when the one before it ended at pos.  -ENOENT: the chain ends here.  -EBADMSG: it is whole, and makes no sense. */
int journal_locate(int fd, const struct journal_header *header, uint64_t seq, uint64_t pos,
		   uint64_t *offset, struct journal_record *record);

/* The chain without its last record, should that count for nothing.  -errno only for I/O errors. */
int journal_scan_to(int fd, const struct journal_header *header, uint64_t last, struct journal_chain *chain);

/* Gets a piece of an entry: data for [offset, offset + length) of the file. */
typedef int (*journal_entry_fn)(void *arg, uint64_t offset, const void *data, size_t length);

/*
 * Calls fn for the entries of a record at `offset`, in order, in pieces of at most the scratch
 * memory's size.  Stops at the first error and returns it; -EBADMSG when entries overrun the record.  The
 * reference of a prepared record is passed over.
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

uint64_t journal_hash(const void *data, size_t length);

#endif
