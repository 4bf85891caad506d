/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See picture.h.  What the engine has said (shim/dirtyplaces.h) is divided anew, into as many parts as the picture has place for. */
#include "picture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"

#define ANSWER_MS 10000
#define ROWS 16
#define LABEL 12    /* columns before a row */
#define SQUARE 16   /* of the SVG, in pixels */
#define PER_ROW 64

static void free_picture(gpointer data)
{
	struct picture *p = data;

	g_free(p->path);
	g_free(p->pages);
	g_free(p);
}

static char *path_of(const struct client *c, guint64 dev, guint64 ino)
{
	guint count;
	g_autofree struct control_file *files = client_files(c, &count);

	for (guint i = 0; i < count; i++) {
		if (files[i].dev == dev && files[i].ino == ino)
			return g_strdup(files[i].path);
	}
	return g_strdup_printf("inode %" G_GUINT64_FORMAT, ino);
}

static struct picture *new_picture(const struct client *c, guint64 dev, guint64 ino, guint64 size, guint64 unit)
{
	struct picture *p = g_new0(struct picture, 1);

	p->path = path_of(c, dev, ino);
	p->dev = dev;
	p->ino = ino;
	p->size = size;
	p->unit = unit;
	p->page_size = (guint64)sysconf(_SC_PAGESIZE);
	p->cells = (guint)MAX((size + unit - 1) / unit, 1);
	p->pages = g_new0(guint64, p->cells);
	return p;
}

static GPtrArray *parse(const struct client *c, const char *text)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(free_picture);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	struct picture *p = NULL;

	for (char **line = lines; *line; line++) {
		guint64 a, b, size, unit;

		if (sscanf(*line, "file %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &a, &b, &size,
			   &unit) == 4 && unit) {
			p = new_picture(c, a, b, size, unit);
			g_ptr_array_add(all, p);
		} else if (p && sscanf(*line, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &a, &b) == 2 && a < p->cells) {
			p->pages[a] += b;
			p->dirty += b;
		}
	}
	return all;
}

GPtrArray *pictures_of(struct client *c, const char **why)
{
	g_autofree char *path = g_strconcat(c->path, CONTROL_MAP_SUFFIX, NULL), *text = NULL;
	int err = client_ask(c, CONTROL_MAP, ANSWER_MS);
	gboolean read = !err && g_file_get_contents(path, &text, NULL, NULL);

	if (!err)
		unlink(path);
	*why = err == -EINPROGRESS ? "no answer yet: it is busy" : err ? g_strerror(-err) : "it answered, and the answer is gone: try again";
	return read ? parse(c, text) : NULL;
}

/* Part i of n: how much of it is dirty, from 0 to 1; never 0 when there is anything. */
static double density(const struct picture *p, guint i, guint n, guint64 *dirty)
{
	guint first = (guint)((guint64)i * p->cells / n), end = (guint)((guint64)(i + 1) * p->cells / n);
	guint64 pages = 0;

	*dirty = 0;
	for (guint cell = first; cell < end; cell++) {
		guint64 start = cell * p->unit, length = MIN(p->unit, p->size > start ? p->size - start : 1);

		*dirty += p->pages[cell];
		pages += (length + p->page_size - 1) / p->page_size;
	}
	return pages ? MIN((double)*dirty / (double)pages, 1) : 0;
}

static const char *glyph(double density)
{
	static const char *const blocks[] = { "\302\267", "\342\226\221", "\342\226\222", "\342\226\223", "\342\226\210" };
	static const char *const plain[] = { ".", "-", "+", "*", "#" };
	const char *const *glyphs = g_get_charset(NULL) ? blocks : plain;

	return glyphs[density <= 0 ? 0 : density < 0.25 ? 1 : density < 0.5 ? 2 : density < 1 ? 3 : 4];
}

static void print_head(const struct picture *p, guint parts)
{
	g_autofree char *size = cli_size(p->size), *dirty = cli_size(p->dirty * p->page_size), *part = cli_size(MAX(p->size, 1) / parts);

	if (p->cells == parts && p->unit == p->page_size) {
		g_free(part);
		part = g_strdup("one page");
	}
	g_print("%s: %s, %" G_GUINT64_FORMAT " dirty page%s (%s); %s%s a character\n", cli_shown(p->path), size, p->dirty, p->dirty == 1 ? "" : "s", dirty,
		p->cells == parts && p->unit == p->page_size ? "" : "about ", part);
}

void picture_print(const struct picture *p, guint width)
{
	guint per_row = width > LABEL + 8 ? width - LABEL : 8, parts = MIN(p->cells, per_row * ROWS);

	print_head(p, parts);
	for (guint i = 0; i < parts; i++) {
		guint64 dirty;

		if (i % per_row == 0) {
			g_autofree char *offset = cli_size((guint64)i * p->cells / parts * p->unit);

			g_print("%s%*s  ", i ? "\n" : "", LABEL - 2, offset);
		}
		g_print("%s", glyph(density(p, i, parts, &dirty)));
	}
	g_print("\n");
}

void picture_add_json(const struct picture *p, JsonBuilder *out)
{
	json_builder_begin_object(out);
	json_string(out, "path", p->path);
	json_number(out, "size", p->size);
	json_number(out, "dirty_pages", p->dirty);
	json_number(out, "cell_bytes", p->unit);
	json_list(out, "cells");
	for (guint i = 0; i < p->cells; i++) {
		if (p->pages[i])
			json_pair(out, i, p->pages[i]);
	}
	json_builder_end_array(out);
	json_builder_end_object(out);
}

void picture_add_svg(const struct picture *p, GString *out, guint *height)
{
	g_autofree char *path = g_markup_escape_text(p->path, -1), *size = cli_size(p->size);
	guint parts = MIN(p->cells, PER_ROW * PER_ROW), top = *height + 2 * SQUARE;

	g_string_append_printf(out, "<text x=\"8\" y=\"%u\">%s: %s, %" G_GUINT64_FORMAT " dirty pages</text>\n", top - SQUARE / 2, path, size,
			       p->dirty);
	for (guint i = 0; i < parts; i++) {
		guint64 dirty;
		char opacity[G_ASCII_DTOSTR_BUF_SIZE];
		double d = density(p, i, parts, &dirty);

		/* What is hardly dirty is to be seen all the same. */
		g_ascii_formatd(opacity, sizeof opacity, "%.2f", d > 0 ? 0.25 + 0.75 * d : 0);
		g_string_append_printf(out, "<rect x=\"%u\" y=\"%u\" width=\"15\" height=\"15\" fill-opacity=\"%s\"><title>offset %" G_GUINT64_FORMAT
				       ": %" G_GUINT64_FORMAT " dirty pages</title></rect>\n",
				       8 + i % PER_ROW * SQUARE, top + i / PER_ROW * SQUARE, opacity, (guint64)i * p->cells / parts * p->unit,
				       dirty);
	}
	*height = top + (parts + PER_ROW - 1) / PER_ROW * SQUARE;
}
