/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where in a file the dirty pages are, and pictures of it. */
#ifndef BIGFILE_PICTURE_H
#define BIGFILE_PICTURE_H

#include <json-glib/json-glib.h>

#include "client.h"

struct picture {
	char *path;
	guint64 dev, ino, size, page_size, unit; /* bytes of a cell */
	guint64 dirty;   /* pages */
	guint cells;
	guint64 *pages;  /* dirty ones, in each cell */
};

/* Of all files that a process writes; NULL, and *why: it could not tell.  Of struct picture. */
GPtrArray *pictures_of(struct client *c, const char **why);

/* For the terminal: so many columns wide. */
void picture_print(const struct picture *p, guint width);
void picture_add_json(const struct picture *p, JsonBuilder *out);
/* Squares below each other; *height grows by what they take. */
void picture_add_svg(const struct picture *p, GString *out, guint *height);
#define PICTURE_SVG_WIDTH 1040

#endif
