/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What bigfile top shows: a sample of all processes, and what has become of the one before. */
#ifndef BIGFILE_TOP_H
#define BIGFILE_TOP_H

#include <glib.h>

#include "client.h"

struct row {
	struct client *client;
	gboolean fresh;      /* it has answered: dirty pages are as of now */
	double rate;         /* commits a second since the sample before; < 0: not known yet */
	guint64 commits;     /* as of this sample: the page goes on */
	guint64 dirty;       /* pages, of all its files */
	guint64 journals;    /* bytes of live records */
	guint participants;  /* that share its transaction, itself included */
	struct control_file *files;
	guint file_count;    /* of files */
};

struct sample {
	gint64 time;     /* g_get_monotonic_time */
	GPtrArray *rows; /* of struct row, by process id */
	guint sessions, files;
	guint64 dirty;
};

/* before: NULL the first time.  pids: NULL for all. */
struct sample *sample_take(const struct sample *before, char **pids);
void sample_free(struct sample *s);

#endif
