/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a text of the kernel's, or of a file system's about itself, line by line.  What a line has beyond LINES_ROOM is left out. */
#ifndef BIGFILE_LINES_H
#define BIGFILE_LINES_H

#include <stddef.h>

#define LINES_ROOM 8192

struct lines {
	int fd;
	size_t start, end; /* of what has been read and not given out */
	char text[LINES_ROOM + 1];
};

/* 0 or -errno. */
int lines_open(struct lines *l, const char *path);
/* Without its line break, valid until the next call; NULL: there are no more. */
char *lines_next(struct lines *l);
void lines_close(struct lines *l);

#endif
