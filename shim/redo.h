/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Redo: the committed records of a journal, written into the file (journal_format.h).
 *
 * Touches the file only, and the time of the journal. 0 or -errno; not for signal handlers.
 */
#ifndef BIGFILE_REDO_H
#define BIGFILE_REDO_H

#include "journal_scan.h"

/* The records of the chain, in order, behind those up to `in_file`; they count. */
int redo_chain(int jfd, const struct journal_header *h, const struct journal_chain *chain, int file_fd, uint64_t in_file);

/* Does the file have what the last record says?  1, 0, or -errno.  Changes nothing. */
int redo_is_done(int jfd, const struct journal_chain *chain, int file_fd);

#endif
