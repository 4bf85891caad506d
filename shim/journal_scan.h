/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading journals: headers, and the chain of records.
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
	uint64_t wrapped_seq;  /* the record at data_offset that follows others at the end of the ring; 0: none */
	uint64_t wrapped_at;   /* where it would be, had the ring gone on */
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

/* The head of record seq, which a scan has found at offset.  Its body, which the scan has checked, is not looked at.  -EBADMSG: it is not there any more. */
int journal_read_located(int fd, const struct journal_header *header, uint64_t seq, uint64_t offset, struct journal_record *record);

/* The chain without its last record, should that count for nothing.  -errno only for I/O errors. */
int journal_scan_to(int fd, const struct journal_header *header, uint64_t last, struct journal_chain *chain);

uint64_t journal_hash(const void *data, size_t length);

#endif
