/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program's own locks on marked files that are on a network file system: they leave room for the lease's (lease.h), which
 * would be in the way of, and stopped by, a lock on all of the file.
 *
 * "To the end, wherever that will be" becomes 2^61 bytes: no file is as long.  flock(), which there is a lock on all of the file
 * like the others, becomes one of an open file description, which has the same owner.  Programs keep each other out as ever.
 */
#ifndef BIGFILE_FILELOCKS_H
#define BIGFILE_FILELOCKS_H

#include <stdbool.h>
#include <stdint.h>

#define FILELOCKS_ALL ((int64_t)1 << 61)

/* Is fd one of a marked file whose locks have to leave room?  Any thread. */
bool filelocks_are_limited(int fd);

#endif
