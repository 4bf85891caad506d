/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing the journal of one marked file: records are built in memory, sealed by one pwrite and one
 * fdatasync, and dropped when a checkpoint has made the file durable.
 *
 * The format is in journal_format.h.  Owned by the engine thread, in whose descriptor table fd lives;
 * no locks of its own.  0 or -errno.
 *
 * A failed fdatasync is final (`error`): the kernel may have dropped what it could not write and
 * will say "ok" next time.  Every later use of this journal fails; journal_renew starts another one.
 */
#ifndef BIGFILE_JOURNAL_H
#define BIGFILE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "direct.h"
#include "journal_format.h"
#include "journal_read.h"
#include "journal_scan.h"

/* The laboratory has shorter ones. */
#ifndef JOURNAL_BUFFER
#define JOURNAL_BUFFER ((size_t)4 << 20) /* bytes of a record that are built in memory */
#endif

struct journal_position {
	uint64_t offset;
	uint64_t seq; /* of the record that starts there, or the next one that will */
};

struct journal {
	int fd;                       /* locked; -1: none */
	char *path;
	int error;                    /* a sync failed: final */
	bool durable;                 /* fdatasync each record */
	bool sole;                    /* nobody else writes to it before he has the lock that comes with fd */
	bool named;                   /* names_sync: durable is its folder entry, and that of its file, which may be in another folder */
	uint32_t generation;          /* counts the files that it was: another one after a sync failed */
	struct journal_header header; /* as last written, head included */
	struct journal_position tail;
	uint64_t free_limit;          /* the oldest record that must not be overwritten: a durable
					 header says so */
	uint64_t free_seq;
	uint64_t allocated;           /* the file's length: written with zeros or records */

	/* The record that is being built, or the last one that was sealed. */
	uint64_t start;               /* its offset */
	uint64_t room_end;            /* it must end before this */
	uint64_t flushed;             /* bytes from start that are in the file already */
	uint8_t *buffer;              /* what comes after them */
	size_t used, hashed;          /* bytes of it */
	struct direct direct;         /* how the parts of a long one are written */
	bool ahead;                   /* for that the file has been made longer than it will be */
	struct journal_record record;
	void *hash;
	bool lingers;                 /* its sync failed, and whether it is on the disk nobody knows; or, of a prepared one,
					 it could not be blotted out */

	/* roster.c */
	uint8_t *roster;              /* as in the file; NULL: not read yet */
	size_t roster_room;
	uint64_t roster_salt;         /* of the journal that it was read from */
	uint64_t roster_used;         /* bytes */
	uint32_t roster_version;      /* counts changes, in a shared session those of all; */
	uint32_t roster_seen;         /* what is in memory is as of this one */
	uint64_t roster_wanted;       /* bytes that had no room: the next journal has it */
};

struct journal_sealing {
	uint64_t transaction;
	uint64_t cut_size;
	uint64_t new_size;
	bool removed;          /* the file is deleted */
};

/* Takes over fd, which is new, empty and locked, and writes the first header (not synced). */
int journal_init(struct journal *j, int fd, const char *path, const struct stat *file, bool durable, uint64_t data_offset);
/*
 * Empties it, and starts anew in the same file.  It has had no error; the file is durable, and nobody is in doubt about what it says.
 * A crash in between leaves an empty journal.
 */
int journal_restart(struct journal *j, const struct stat *file, uint64_t data_offset);
/*
 * Takes over fd, of a journal that another process writes too; what is in it the caller copies from there.  A journal
 * that j had before is closed.
 */
int journal_adopt(struct journal *j, int fd, const char *path);
/* Closes, and thereby unlocks; the file stays. */
void journal_close(struct journal *j);

int journal_begin(struct journal *j);
/* Appends [offset, offset + length) of the file.  -EAGAIN: no room before a checkpoint. */
int journal_put(struct journal *j, uint64_t offset, const void *data, size_t length);
/*
 * Nothing of it is being written any more, and what the file was made longer for it is given back: before anything is synced, and when it is given up.
 * An error: of something that was.
 */
int journal_settle(struct journal *j);
/* Completes the record and makes it durable.  After an error the record does not exist, unless it lingers. */
int journal_seal(struct journal *j, const struct journal_sealing *s);
/*
 * Completes it as a prepared record, and writes it.  It is there when it has been made durable (journal_sync, or a
 * sync of fd and journal_synced) and accepted, or else it must be revoked.  After an error it does not exist.
 */
int journal_prepare(struct journal *j, const struct journal_sealing *s, const struct journal_reference *reference,
		    size_t length);
void journal_accept(struct journal *j);
/* What fails makes the journal one to be replaced. */
void journal_revoke(struct journal *j);
/* The entries of the record just sealed, in order. */
int journal_each_sealed(struct journal *j, journal_entry_fn fn, void *arg);

/* Notes, unsynced, what the file looks like and how far applying has come. */
int journal_note(struct journal *j, uint64_t applied_seq, uint64_t applying_seq,
		 const struct stat *file);

/* Everything before `head` is durable in the file.  The room is free after the next sync. */
int journal_trim(struct journal *j, struct journal_position head);
/* Makes the trim durable now, and thereby its room free. */
int journal_sync(struct journal *j);
/* The same, when fd has been synced since with the result err. */
int journal_synced(struct journal *j, int err);
uint64_t journal_live_bytes(const struct journal *j);
bool journal_has_records(const struct journal *j);
/* It has none, and a crash now would find none: all of it is free. */
bool journal_is_empty(const struct journal *j);
extern unsigned journal_seals; /* counts the records of this process, of all journals */

#endif
