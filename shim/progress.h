/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far something is that takes long, and how long it will take: one line for somebody who looks on, after a second, and gone in the end.
 *
 * Only where lines of text go to a terminal, by one write(2) for each.  One thing at a time, in the thread that does it: the engine's, or the
 * tool's.  Not for signal handlers; no locks.
 */
#ifndef BIGFILE_PROGRESS_H
#define BIGFILE_PROGRESS_H

#include <stdint.h>

/*
 * what: "is being recovered"; fd: of the file that it is about, whose name is looked up when there is something to show.  Begun inside another
 * one it is a step of that, and shown when all of it has taken a second.
 */
void progress_begin(int fd, const char *what);
/* Bytes, of so many; 0: it is not known of how many. */
void progress_show(uint64_t done, uint64_t all);
void progress_end(void);

/* What is written in less than a second, as a rule, is not worth a thread. */
#define PROGRESS_LITTLE ((uint64_t)16 << 20)

/* fdatasync, or fsync, that shows how much of the file the disk has yet to get.  0 or -errno, as they have it. */
int progress_fdatasync(int fd);
int progress_fsync(int fd);

/* Waits until *done is set, and a wake-up on it, while another thread syncs fd. */
void progress_wait(int fd, const uint32_t *done);

#endif
