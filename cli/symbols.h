/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What addresses of a process mean, by elfutils' libdw: functions from symbol tables, lines from debug information. */
#ifndef BIGFILE_SYMBOLS_H
#define BIGFILE_SYMBOLS_H

#include <glib.h>

struct symbols;

struct symbol {
	char *function; /* "object+0x12" where none is known */
	char *line;     /* "file.c:12", or NULL */
	char *object;   /* "libc.so.6", or NULL */
};

/* maps: as /proc/PID/maps has it, length bytes. */
struct symbols *symbols_open(const char *maps, gsize length);
void symbols_close(struct symbols *s);

/* Belongs to s, which remembers it. */
const struct symbol *symbols_find(struct symbols *s, guint64 address);

#endif
