/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See modules.h. */
#include "modules.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "sys.h"

#define CODES 2048   /* executable areas that are remembered */
#define LINE 4608    /* PATH_MAX and what stands before */

static struct range codes[CODES];
static unsigned code_count;
static char buffer[LINE];

void modules_forget(void)
{
	code_count = 0;
}

static bool is_known(uint64_t address)
{
	for (unsigned i = 0; i < code_count; i++) {
		if (address >= codes[i].start && address < codes[i].end)
			return true;
	}
	return false;
}

/* "start-end rwxp ...", and the line goes into the file when it names an object. */
static void take_line(struct blame *b, const char *line, size_t n)
{
	char *p;
	uint64_t start = strtoull(line, &p, 16), end = *p == '-' ? strtoull(p + 1, &p, 16) : 0;

	if (code_count < CODES && p[0] == ' ' && p[3] == 'x')
		codes[code_count++] = (struct range){ start, end };
	if ((strchr(line, '/') || strstr(line, "[vdso]")) && b->map_length + n <= BLAME_MAPS) {
		memcpy(b->maps + b->map_length, line, n);
		b->map_length += (uint32_t)n;
	}
}

static void read_maps(struct blame *b)
{
	int fd = sys_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	size_t held = 0;
	ssize_t n;

	if (fd < 0)
		return;
	code_count = 0;
	b->map_length = 0;
	while ((n = sys_read(fd, buffer + held, sizeof buffer - 1 - held)) > 0) {
		char *line = buffer, *end;

		held += (size_t)n;
		buffer[held] = '\0';
		while ((end = memchr(line, '\n', held - (size_t)(line - buffer)))) {
			char after = end[1];

			end[1] = '\0';
			take_line(b, line, (size_t)(end + 1 - line));
			end[1] = after;
			line = end + 1;
		}
		held -= (size_t)(line - buffer);
		memmove(buffer, line, held);
	}
	sys_close(fd);
}

void modules_note(struct blame *b, const uint64_t *frames, int depth)
{
	for (int i = 0; i < depth; i++) {
		if (!is_known(frames[i])) {
			read_maps(b);
			return;
		}
	}
}
