/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which files are marked: the patterns of BIGFILE_PATHS.
 *
 * A pattern is a glob over an absolute path, in which * and ? stop at a slash.  "DIR/"
 * marks every regular file below DIR.  Relative patterns are resolved when they are read;
 * the part before the first wildcard loses its symbolic links then, because a file is
 * recognised by the name that the kernel gives for its descriptor.
 * Journals are never marked, nor are files by the name that they have while they are aside (aside.h).
 */
#ifndef BIGFILE_MARKS_H
#define BIGFILE_MARKS_H

#include <stdbool.h>

#define JOURNAL_SUFFIX ".bigfile-journal"
#define ASIDE_SUFFIX ".bigfile-unlinked"

/* Once, before any thread.  0 or -errno; cwd is the folder that relative patterns start from. */
int marks_load(const char *patterns, const char *cwd);
bool marks_any(void);
/* By its last component. */
bool marks_is_journal(const char *path);
/* path: absolute, without symbolic links. */
bool marks_match(const char *path);
/*
 * Might a path that ends like this one be marked?  Cheap and without system calls; never
 * says no to a path whose last component is the file's real name.
 */
bool marks_may_match(const char *path);

/* Calls fn for each pattern as resolved, in order. */
void marks_each(void (*fn)(const char *pattern, void *arg), void *arg);

#endif
