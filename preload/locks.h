/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BIGFILE_LOCKS_H
#define BIGFILE_LOCKS_H

/* fcntl as libc has it, but for locks that have to leave room. */
int locks_fcntl(int fd, int command, void *arg);

#endif
