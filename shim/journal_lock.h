/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal as a file: where it is, how it is opened, locked, deleted; whose boot this is.
 *
 * Whoever holds the OFD write lock on the journal is the one writer of the marked file; in a shared session each
 * participant holds a read lock, so that nobody else can have the write lock.  The
 * lock belongs to the open file description, so it is given back by a crash, and is not
 * inherited because the descriptor lives in the engine thread's own table (engine.c).
 * 0 or -errno; not for signal handlers.
 */
#ifndef BIGFILE_JOURNAL_LOCK_H
#define BIGFILE_JOURNAL_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Where the journal of path is: beside it, or in dir under a name made from the whole path. */
int journal_path_of(const char *path, const char *dir, char *out, size_t size);
/* Of the journal that is being made to take the place of `journal`. */
void journal_fresh_path_of(const char *journal, char *out, size_t size);

/*
 * Opens the journal at path and takes its lock without waiting.  create: make it, with the mode and
 * owner of the marked file `file`, when it is not there.  -ENOENT: not there.  -EBUSY: somebody
 * else holds it.  -EPERM: what is there is not a journal of ours to trust (not a regular file, not named as one, has other
 * names, or belongs neither to us, to root nor to the file's owner).
 */
int journal_open_locked(const char *path, const struct stat *file, bool create, int *fd);

/* Opens for reading only; the same checks, no lock.  *busy: somebody holds the lock. */
int journal_open_unlocked(const char *path, const struct stat *file, int *fd, bool *busy);

/* The lock of several writers who share a transaction: for the one writer that was, and for those who join it. */
int journal_share_lock(int fd);

/* Deletes the journal so that a power cut cannot bring it back. */
int journal_delete(const char *path);
/*
 * The journal fd, at path, holds nothing any more that matters to anybody: it is deleted.  On a network file system it is emptied
 * instead, and stays: by its name another machine may have it by now, through its descriptor only its holder can (lease.h).
 * named: its name is durable.
 */
int journal_discard(int fd, const char *path, bool named);

/* Makes the name of a created, renamed or deleted file durable. */
int sync_folder_of(const char *path);

/* 0; or -errno, and zeros: which boot this is cannot be told. */
int boot_id_read(uint8_t id[16]);
/* When this boot began, CLOCK_REALTIME seconds; 0 when the kernel does not tell; -errno. */
int64_t boot_time_read(void);

#endif
