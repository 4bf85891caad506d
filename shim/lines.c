/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See lines.h. */
#include "lines.h"

#include <string.h>

#include "sys.h"

int lines_open(struct lines *l, const char *path)
{
	l->start = l->end = 0;
	l->fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
	return l->fd < 0 ? l->fd : 0;
}

/* False: there is no more, or no room. */
static int fill(struct lines *l)
{
	ssize_t n;

	memmove(l->text, l->text + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	n = l->end < LINES_ROOM ? sys_read(l->fd, l->text + l->end, LINES_ROOM - l->end) : 0;
	l->end += n > 0 ? (size_t)n : 0;
	return n > 0;
}

static char *take(struct lines *l, size_t length, size_t skip)
{
	char *line = l->text + l->start;

	line[length] = '\0';
	l->start += length + skip;
	return line;
}

char *lines_next(struct lines *l)
{
	for (;;) {
		char *end = memchr(l->text + l->start, '\n', l->end - l->start);

		if (end)
			return take(l, (size_t)(end - l->text) - l->start, 1);
		if (!fill(l))
			return l->start < l->end ? take(l, l->end - l->start, 0) : NULL;
	}
}

void lines_close(struct lines *l)
{
	sys_close(l->fd);
}
