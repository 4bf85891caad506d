/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recovery: redo what a crash left in a journal, and look without touching.
 *
 * Used when a marked file is opened or mapped, and by `bigfile check` and `bigfile recover`, through restore.h.
 * Not for signal handlers.
 */
#ifndef BIGFILE_RECOVER_H
#define BIGFILE_RECOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/stat.h>

enum journal_state {
	JOURNAL_NONE,      /* no journal: the file is as it was last committed */
	JOURNAL_EMPTY,     /* a journal without records: nothing to redo, may be deleted */
	JOURNAL_PENDING,   /* whole records to redo */
	JOURNAL_BUSY,      /* a living process holds it */
	JOURNAL_CORRUPT,   /* a record that was committed cannot be read */
	JOURNAL_FOREIGN,   /* of another file: the inode differs */
	JOURNAL_STRANGER,  /* the file was changed since by somebody without Bigfile */
	JOURNAL_NEWER,     /* of a newer version of Bigfile */
	JOURNAL_UNSAFE,    /* the file system does not make sure of one writer (lease.h): nothing was looked at */
	JOURNAL_DOUBT,     /* its last record belongs to a transaction over several files, and the journal that
			      tells whether that was committed is not to be had */
	JOURNAL_UNLINKED,  /* the file was unlinked in a transaction (restore.h) */
};

struct recovery {
	enum journal_state state;
	char journal[4096];   /* its path */
	uint64_t records;     /* whole records, and what they hold */
	uint64_t bytes;
	uint64_t first_seq;   /* meaningful when records > 0 */
	uint64_t last_seq;
	uint64_t last_time;   /* CLOCK_REALTIME nanoseconds of the newest record */
	bool removed;         /* the newest record says that the file is deleted */
	bool in_file;         /* RECOVER_LOOK: on this boot all of that was applied; who reads the file sees it */
	bool in_part;         /* the same: an apply has begun, and is not known to have ended */
	bool awaited;         /* who only reads must wait for somebody else (restore.h) */
	bool redone;          /* the file has what was committed, and an error is one of what came then: of the journal */
	uint64_t new_size;    /* of the file after recovery; meaningful when records > 0 */
	uint32_t owner_pid;   /* JOURNAL_BUSY: who */
	char owner_host[64];
	char owner_comm[16];
	char reason[512];     /* one clause for a person: why the state is what it is */
};

enum recover_mode {
	RECOVER_LOOK,    /* only fill in the report; takes no lock that outlives the call */
	RECOVER_REDO,    /* redo JOURNAL_PENDING, drop JOURNAL_EMPTY, refuse the rest */
	RECOVER_REST,    /* the same while others use the file: what was applied on this boot is in it, and redoing that would
			    show them old bytes, and sizes */
	RECOVER_FORCE,   /* take what is in JOURNAL_DOUBT for committed, redo JOURNAL_STRANGER and JOURNAL_FOREIGN too, and the whole records
			    before the damage in JOURNAL_CORRUPT, which is then kept under another name */
	RECOVER_DISCARD, /* JOURNAL_DOUBT: take it for rolled back, redo what came before; otherwise delete the journal
			    unless it is busy, leave the file as it is */
};

/*
 * path: the marked file, absolute, without links, by the name that it has.  Fills in *report (the state found, before anything was done).
 * 0: done, or nothing to do.  Otherwise -errno: -EBUSY (JOURNAL_BUSY), -EBADMSG (corrupt),
 * -ESTALE (foreign, stranger or in doubt), -EPROTONOSUPPORT (newer), or what a system call said; the file
 * is then untouched, or, after an I/O error while redoing, still covered by its journal.
 */
int recover_at(const char *path, enum recover_mode mode, struct recovery *report);

/*
 * The same for the journal `journal` of the open file; not with RECOVER_LOOK.  When all has gone well, and before the journal is deleted, `then` is
 * called (NULL: not).  -ENOENT: there is no journal.
 */
typedef int (*recover_fn)(void *arg, const struct recovery *report);
int recover_locked(const char *journal, const struct stat *file, int file_fd, const char *path, enum recover_mode mode,
		   struct recovery *report, recover_fn then, void *arg);

/* What the mode makes of a state that was found: 0, or the error that refuses it. */
int recover_refusal(enum journal_state state, enum recover_mode mode);

/* "pending", "corrupt", ...: a word for reports and JSON. */
const char *journal_state_name(enum journal_state state);

/*
 * The same for who holds the journal's lock already (attach): jfd and file_fd are open for reading and writing,
 * journal names the one and path the other.  Fills in report->state and the rest; with RECOVER_REDO, RECOVER_REST and
 * RECOVER_FORCE the file is as last committed and durable afterwards and the journal's records may be dropped, by
 * retire_journal.
 */
int recover_opened(int jfd, const char *journal, int file_fd, const char *path,
		   enum recover_mode mode, struct recovery *report);

/* lease_take, telling the report why not. */
int recover_take_lease(int jfd, int file_fd, bool *leased, struct recovery *report);

/* What mmap, open and the tool print when recovery is refused: the file, the cause, the way out. */
void recover_explain(const char *path, const struct recovery *report, int err);
/* And when it is something else that keeps a file from being attached. */
void recover_explain_attach(const char *path, const struct recovery *report, int err, bool write);

#endif
