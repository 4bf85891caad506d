/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Letting a journal go that may be asked by companions (journal_format.h: roster).
 *
 * 0 or -errno; not for signal handlers.
 */
#ifndef BIGFILE_RETIRE_H
#define BIGFILE_RETIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * The journal jfd at the path `journal`, locked, is needed no more by its own file, which is durable: settles what its companions
 * are in doubt about and discards it.  When one of them cannot be found it is kept under another name, and a
 * line says so.  In either case another journal may take its place.  -EBUSY: somebody has a companion's journal.
 */
int retire_journal(int jfd, const char *journal, const struct stat *file);

#endif
