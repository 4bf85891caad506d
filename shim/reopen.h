/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening a file that a program has open for writing, although its mode lets nobody write: who makes a file with mode 0444, as git
 * does, writes through the descriptor that it got then.  There is no other way to a second one but to give its owner the right for
 * the moment; a crash in that moment leaves it to him.
 *
 * Any thread.
 */
#ifndef BIGFILE_REOPEN_H
#define BIGFILE_REOPEN_H

/* As open(2), for a regular file that is there.  The descriptor or -errno. */
int reopen(const char *path, int flags);

#endif
