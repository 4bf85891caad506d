/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What processes have recorded of who changes marked files, brought together.  See shim/blame_format.h. */
#ifndef BIGFILE_CLI_BLAME_H
#define BIGFILE_CLI_BLAME_H

#include <glib.h>

#include "blame_format.h"

/* All that one function did to one file in one way. */
struct writer {
	char *file, *function, *line, *object;
	enum blame_kind kind;
	guint64 times, bytes, start, end;
	guint64 most;     /* times of the stack that is shown */
	GPtrArray *stack; /* of text, the innermost first */
};

struct blame_report {
	GString *programs;   /* "rrdtool (12), sh (14)" */
	GPtrArray *writers;  /* of struct writer */
	GHashTable *folded;  /* pages, by "program;outer;inner" */
	GString *faults;     /* lines, for people */
	guint64 lost;
	guint processes;
};

struct blame_report *blame_report_new(void);
void blame_report_free(struct blame_report *r);

/* Adds what one process has left; FALSE: it is no such file. */
gboolean blame_report_add(struct blame_report *r, const char *path);

/* The one that did most to each file first. */
void blame_report_sort(struct blame_report *r);

#endif
