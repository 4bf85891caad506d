/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens before a marked file is opened by name. */
#ifndef BIGFILE_OPENING_H
#define BIGFILE_OPENING_H

/*
 * Recovers the file at path, relative to dirfd as for openat, if it is marked and a crash left something to
 * redo.  0: go on and open it.  -errno: recovery was refused or failed, said in one line; what would be read
 * is not what was committed.  Any thread, no lock held; errno is kept.
 */
int opening_prepare(int dirfd, const char *path);

#endif
