/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal's bytes on disk, version 1.
 *
 * A journal is the redo log of one marked file.  All numbers are little-endian, all offsets
 * and lengths in bytes, all ranges half-open.
 *
 *   0            header slot 0   struct journal_header, padded with zeros to 4096
 *   4096         header slot 1   the same
 *   8192         roster          struct journal_companion, one behind the other
 *   data_offset  records         each starts at a multiple of 4096
 *
 * Header.  Both slots are written by turns, that of an even serial first in the file; the valid one with the higher serial counts.  A
 * slot is valid when magic and checksum (XXH3-64 of the bytes before it) are right.  A slot that
 * is all zeros, or lies beyond the end of the file, was never written.  A journal both of whose
 * slots were never written is empty.  One with no valid slot that is not empty is corrupt.
 * A version other than ours, or a flag that we do not know, is not touched by anybody.
 *
 * Record.  struct journal_record, then `length` bytes of entries.  It is valid when magic,
 * head_checksum (XXH3-64 of the struct's bytes before that field), salt (the header's) and
 * body_checksum (XXH3-64 of the entries) are right.  An entry is struct journal_entry, then
 * `length` bytes that belong at `offset` of the file, below new_size, then zeros up to a multiple of 8.  Entries fill a record; a valid
 * record that they do not fill, or in which one lies elsewhere, makes the journal corrupt.  A later
 * entry overrides an earlier one.  An entry at JOURNAL_REFERENCE holds no bytes of the file but struct
 * journal_reference; it is the last one of a prepared record.
 *
 * Chain.  The first live record is number head_seq at head_offset (a header says so even when it is
 * not written yet).  Record n+1 starts at the end of record n, rounded up to 4096 - or, when no valid
 * record n+1 is there, at data_offset: the log is a ring.  The chain ends where neither holds it.
 * Record n+1 is written only after record n is durable and decided.  Therefore, when a chain ends at n and
 * any multiple of 4096 holds a valid record with a number above n+1, or when the header's
 * applied_seq or applying_seq is above n, the journal is corrupt - not merely cut short by a crash.
 *
 * Space.  Before a record is overwritten, a header whose head lies beyond that record has been made
 * durable in both slots.
 *
 * Redo.  Of each live record in turn: when the file is longer than cut_size it is cut to that, then
 * it is given new_size (growth reads as zeros), then the entries are written.  Redoing
 * the chain from its head any number of times gives the same file.
 *
 * Removal.  A record with RECORD_REMOVED is the last one of its chain.  When it has been redone the file loses the name beside which
 * the journal is - NAME.bigfile-unlinked, never another - and then the journal goes.  A file by such a name whose journal has no such
 * record that counts, or that has none, gets NAME back.
 *
 * Several files.  A transaction that changes several files has a record in the journal of each.  One of them, the coordinator's, is a
 * commit record like any other, and decides.  The others are prepared records: they count when the coordinator's counts, which
 * they name by the journal's path and salt, and by the record's number.  A prepared record is in doubt
 * when it is the last of its chain and the header's applying_seq is below it; any other is committed.
 * The coordinator's record `seq` counts as committed
 *   - when the coordinator's head_seq is above seq, or
 *   - when its chain holds record seq, with the same transaction;
 * as aborted when its chain, undamaged, does not, and reaches as far as seq - 1.  Therefore no number is used again before the prepared
 * records that name it have durably gone.  A journal that does not reach that far, or lacks the record of a prepared one that is known to
 * count, or whose file has been written since on this boot, is not the one that decided: it has been brought back.  What is decided is written into the record: it becomes a commit record, or is blotted out.
 *
 * Roster.  The companions that a journal may be the coordinator of: no prepared record names a journal before
 * the roster, durable, has the record's own journal in it.  It ends where the magic or the checksum is wrong, or at data_offset.
 * Nobody deletes a journal, or gives it another path, as long as a companion that its roster names may be in doubt.  When
 * recovery cannot get at a companion it keeps the journal as PATH.SALT.bigfile-journal, PATH being its path without the suffix.
 *
 * State of the file.  file_size, mtime and ctime are what the file looked like when record applied_seq had
 * been applied to it, on the boot boot_id; applying_seq is the newest record whose apply has begun: it is durable.  These are
 * written around each apply, not synced.  Who finds another file than that, and no apply begun that would
 * explain it, sees the work of a stranger (recover.c has the whole rule).
 */
#ifndef BIGFILE_JOURNAL_FORMAT_H
#define BIGFILE_JOURNAL_FORMAT_H

#include <stdint.h>

#define JOURNAL_MAGIC 0x4c4e524a46474942ull /* "BIGFJRNL" */
#define JOURNAL_VERSION 1
#define JOURNAL_BLOCK 4096u
#define JOURNAL_ROSTER (2u * JOURNAL_BLOCK)
#define JOURNAL_DATA (JOURNAL_ROSTER + JOURNAL_BLOCK) /* the least data_offset */
#define JOURNAL_REFERENCE UINT64_MAX

/* Records were not made durable one by one: a gap in the chain proves nothing. */
#define JOURNAL_LAX 1u
#define JOURNAL_KNOWN_FLAGS JOURNAL_LAX

struct journal_header {
	uint64_t magic;
	uint32_t version;
	uint32_t flags;       /* JOURNAL_LAX or 0 */
	uint64_t serial;      /* higher wins */
	uint64_t salt;        /* random, one per journal file */
	uint64_t data_offset; /* a multiple of 4096; the same as long as the journal lives */
	uint64_t head_offset;
	uint64_t head_seq;    /* from 1 */
	uint64_t file_ino;    /* the marked file */
	uint64_t file_dev;    /* informative: device numbers change over a boot */
	uint64_t applied_seq;  /* head_seq - 1: nothing since the head */
	uint64_t applying_seq; /* applied_seq: no apply is under way */
	uint64_t file_size;   /* this and the next as fstat gave them */
	int64_t mtime_sec;
	int64_t mtime_nsec;
	int64_t ctime_sec;
	int64_t ctime_nsec;
	uint8_t boot_id[16];
	uint64_t created;     /* CLOCK_REALTIME nanoseconds */
	uint32_t owner_pid;   /* who holds or held the lock: for messages only */
	uint32_t reserved;
	char owner_host[64];
	char owner_comm[16];
	uint64_t checksum;
};

#define JOURNAL_RECORD_MAGIC 0x44524342u /* "BCRD" */

enum journal_record_type {
	RECORD_COMMIT = 1, /* this record alone decides */
	RECORD_PREPARED = 2, /* another journal's record decides */
};

#define RECORD_REMOVED 1u
#define RECORD_KNOWN_FLAGS RECORD_REMOVED

struct journal_record {
	uint32_t magic;
	uint16_t type;
	uint16_t flags;        /* RECORD_REMOVED or 0 */
	uint64_t seq;
	uint64_t salt;
	uint64_t transaction;  /* random, the same in every file of one transaction */
	uint64_t length;       /* of the entries */
	uint64_t cut_size;     /* the smallest size that the file had in the transaction; all ones: it never shrank */
	uint64_t new_size;
	uint64_t time;         /* CLOCK_REALTIME nanoseconds */
	uint64_t body_checksum;
	uint64_t head_checksum;
};

struct journal_entry {
	uint64_t offset;
	uint32_t length;       /* above 0 */
	uint32_t reserved;     /* 0 */
};

/* Which record decides.  Then the paths, each with its 0: of the coordinator's journal, of its file. */
struct journal_reference {
	uint64_t salt;
	uint64_t seq;
	uint32_t journal_length; /* of the paths, their 0 included */
	uint32_t file_length;
};

#define JOURNAL_COMPANION_MAGIC 0x504d4342u /* "BCMP" */

/* Then the paths, as above, of the companion; then zeros up to a multiple of 8. */
struct journal_companion {
	uint32_t magic;
	uint32_t done;           /* not 0: it is in doubt no more.  Written later, and not in the checksum */
	uint64_t salt;           /* of its journal */
	uint32_t journal_length;
	uint32_t file_length;
	uint64_t checksum;       /* XXH3-64 of salt, of the lengths, and of the paths */
};

_Static_assert(sizeof(struct journal_header) <= 512, "a header fits a sector");
_Static_assert(sizeof(struct journal_record) == 80, "no padding on disk");
_Static_assert(sizeof(struct journal_entry) == 16, "no padding on disk");
_Static_assert(sizeof(struct journal_reference) == 24, "no padding on disk");
_Static_assert(sizeof(struct journal_companion) == 32, "no padding on disk");

#endif
