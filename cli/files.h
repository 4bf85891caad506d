/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files `check` and `recover` are about. */
#ifndef BIGFILE_FILES_H
#define BIGFILE_FILES_H

#include <glib.h>

/*
 * The files that the arguments name: a file itself; of a folder all files in it, and below, that have a journal.  Behind
 * them the files that were changed together with one of those and have a journal still.  Strings of absolute paths but for what was
 * given as it is.
 */
GPtrArray *files_named(char **arguments);

#endif
