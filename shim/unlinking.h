/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unlink and rmdir: a marked file that is unlinked is part of the transaction (removal.h).
 *
 * Any thread, no lock held.  0, -errno, or NOT_OURS for the caller to go to the kernel.
 */
#ifndef BIGFILE_UNLINKING_H
#define BIGFILE_UNLINKING_H

#include "session.h"

/* As unlinkat. */
int unlinking_file(int dir, const char *path, int flags);
/* A folder in which nothing is left but files that were unlinked: they are committed first. */
int unlinking_folder(int dir, const char *path);

#endif
