/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding a journal again by its salt: where it was, or, since people rename and move files, in that folder under another
 * name, in the folder of who asks, or where the tool was told to look.
 *
 * Opens for reading only, takes no lock.  0 or -errno; not for signal handlers.
 */
#ifndef BIGFILE_JOURNAL_FIND_H
#define BIGFILE_JOURNAL_FIND_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * path: where the journal was; near: another journal, in whose folder it may be too.  file: whose owner is trusted
 * (journal_lock.h).  Writes into `found`.  -ENOENT: nowhere; or why `path` cannot be read.
 */
int journal_find(const char *path, uint64_t salt, const char *near, const struct stat *file, char *found, size_t size);

/* Looks in the folder of this path too, from now on.  A few are remembered. */
void journal_find_also_beside(const char *path);

#endif
