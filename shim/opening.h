/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What opening a marked file by name brings with it: recovery, and O_TRUNC inside the transaction.
 *
 * Any thread, no lock held; errno is kept.
 */
#ifndef BIGFILE_OPENING_H
#define BIGFILE_OPENING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Recovers the file at path, relative to dirfd as for openat, if it is marked and a crash left something to
 * redo.  0: go on.  -errno: recovery was refused or failed, said in one line; what would be read
 * is not what was committed.
 */
int opening_prepare(int dirfd, const char *path);

/*
 * Might path, perhaps by another name than its marked one, be a file of ours?  Then it is opened without O_TRUNC, and
 * opening_done cuts.
 */
bool opening_may_be_ours(int dirfd, const char *path);

/*
 * fd has been opened by that name, which may be a marked one or was to be cut: recovery, and the cut that is still to be made.  0, or -errno: close it again.  OPENING_AGAIN: and
 * open it again, for another file has the name now.
 */
int opening_done(int fd, bool cut);
#define OPENING_AGAIN 1

/*
 * A call has found nobody at path.  True: one was aside there since a crash, and has come back, so that it may be tried again.  One more
 * stat, and that only where the name may be marked.
 */
bool opening_brings_back(int dirfd, const char *path);
/* Before a call that makes the file if it is not there: one that was aside since a crash comes back first. */
void opening_to_create(int dirfd, const char *path);

void opening_full_path(int dirfd, const char *path, char *full, size_t size);

#endif
