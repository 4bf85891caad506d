/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What open.c and stdio.c share. */
#ifndef BIGFILE_OPEN_H
#define BIGFILE_OPEN_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* openat(2), for whoever opens. */
int open_any(int dirfd, const char *path, int flags, mode_t mode);

/* A descriptor that was there when the program began may be of a marked file: gives it a stream of ours. */
void streams_adopt(void);

/*
 * fd is about to be copied to number, as shells redirect what they do themselves: a standard stream there must
 * become one of ours when fd is of a marked file.
 */
void streams_before_dup(int fd, int number);

/* Is it one that stdio.c has made?  Any thread. */
bool stream_is_ours(const FILE *stream);

/* What is buffered in streams of ours goes into the transaction, before that is decided. */
void streams_flush(void);

#endif
