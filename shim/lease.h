/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lease: that on a file system of several machines the holder of the journal's lock is the only one who can change the marked
 * file, and sees all that was done before.
 *
 * The journal's lock says who the holder is.  When its machine is cut off the servers give the lock to somebody else, and from then on a
 * descriptor that held it fails (EBADFD), also when the machine is back: it is fenced.  A descriptor that holds no lock is not, and
 * what is written through it, or goes out later from a mapping, lands on top of the new holder's work.  Therefore
 *
 *  - every open file description through which we change a marked file or its journal holds a lock of its own: the journal's that lock,
 *    the file's a shared one at LEASE_AT, where no data is, taken before the first thing is written;
 *  - the file is never mapped shared and writable (home.c), so that nothing goes out later, through whatever descriptor;
 *  - what is done by name is not fenced: so no journal is deleted or replaced, but emptied through its descriptor, and stays.
 *    Deletions and renames that the program itself asks for are followed only after the lease was found to hold;
 *  - who takes the lease drops what the kernel has of the file and of the journal before the first look at either;
 *  - who joins the session of a holder makes sure that the journal is still the one of that session.
 *
 * On a local file system nothing of this costs anything: network.h tells with one system call per file.
 * Engine thread, and the tool.  0 or -errno.
 */
#ifndef BIGFILE_LEASE_H
#define BIGFILE_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Has this process had any? */
extern bool lease_any;

#define LEASE_AT ((int64_t)1 << 62)
#define LEASE_REASON 512

/*
 * For who holds the lock of the journal jfd and will write the file through fd.  *leased: the file is on such a file system.
 * -EBUSY: somebody without Bigfile has a lock on all of it.  -EOPNOTSUPP: this file system does not keep the promise, as far as is
 * known, and BIGFILE_NETWORK does not vouch for it.  reason: LEASE_REASON bytes, a clause for a person, when it is refused.
 */
int lease_take(int jfd, int fd, bool *leased, char *reason);

/* For who takes part in a session: the same for a file's descriptor of his own.  No questions asked: the first one did. */
int lease_join(int fd, bool *leased);
/* -ESTALE: the journal is not the one that the session has. */
int lease_check_journal(int jfd, uint64_t salt);

/*
 * Does the descriptor of a journal still hold its lock?  Asks the servers, by taking it once more.  0, or why not: then it is given up where it
 * still was, for a lock that most of the servers do not grant is taken back from the others.
 */
int lease_ask(int jfd, bool shared);

#endif
