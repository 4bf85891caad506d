/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bigfile map: where in the files of a process the dirty pages are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "client.h"
#include "json.h"
#include "picture.h"

static gboolean as_json;
static char **targets, *svg;
static int width;

static const GOptionEntry entries[] = {
	{ "svg", 0, 0, G_OPTION_ARG_FILENAME, &svg, "draw into this file instead", "FILE" },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "print one JSON object", NULL },
	{ "width", 'w', 0, G_OPTION_ARG_INT, &width, "draw so many columns; default: the terminal's", "COLUMNS" },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &targets, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

static struct {
	JsonBuilder *json;
	GString *svg;
	guint height, shown;
} drawn;

static guint columns(void)
{
	const char *variable = g_getenv("COLUMNS");
	guint64 given = 0;
	struct winsize size;

	if (width > 0)
		return (guint)width;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	if (variable && g_ascii_string_to_unsigned(variable, 10, 1, 10000, &given, NULL))
		return (guint)given;
	return 80;
}

static void draw(const struct picture *p)
{
	drawn.shown++;
	if (svg)
		picture_add_svg(p, drawn.svg, &drawn.height);
	else if (as_json)
		picture_add_json(p, drawn.json);
	else
		picture_print(p, columns());
}

/* st NULL: all files of the process. */
static int draw_files(struct client *c, const struct stat *st)
{
	const char *why;
	g_autoptr(GPtrArray) all = pictures_of(c, &why);

	if (!all) {
		cli_complain("process %d: %s", c->pid, why);
		return CLI_FAILED;
	}
	for (guint i = 0; i < all->len; i++) {
		const struct picture *p = all->pdata[i];

		if (!st || (p->dev == st->st_dev && p->ino == st->st_ino))
			draw(p);
	}
	return CLI_OK;
}

static int draw_process(const char *target)
{
	const char *why;
	struct client *c = client_open(client_pid(target), &why);
	int status;

	if (!c) {
		cli_complain("process %s: %s", target, why);
		return CLI_NO_PROCESS;
	}
	status = draw_files(c, NULL);
	client_close(c);
	return status;
}

/* Any process that has it knows all that is dirty in it. */
static int draw_file(const char *target)
{
	g_autoptr(GPtrArray) all = client_list();
	struct stat st;

	if (stat(target, &st)) {
		cli_complain("%s: %s", target, g_strerror(errno));
		return CLI_FAILED;
	}
	for (guint i = 0; i < all->len; i++) {
		if (client_has(all->pdata[i], st.st_dev, st.st_ino))
			return draw_files(all->pdata[i], &st);
	}
	cli_complain("%s: no process of yours has it in use under Bigfile: nothing of it is dirty", target);
	return CLI_NO_PROCESS;
}

static int write_svg(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	g_string_append_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" font-family=\"sans-serif\" font-size=\"14\">\n"
			       "<style>rect { fill: #c02000; stroke: #c0c0c0; stroke-width: 0.5 }</style>\n%s</svg>\n", PICTURE_SVG_WIDTH,
			       drawn.height + 8, drawn.svg->str);
	if (g_file_set_contents(svg, out->str, -1, &error))
		return CLI_OK;
	cli_complain("%s", error->message);
	return CLI_FAILED;
}

int cli_map(int argc, char **argv)
{
	int worst = CLI_OK;

	if (!cli_parse(&argc, &argv, entries, "PID|FILE...",
		       "Shows where in files the dirty pages are, which the next commit will write.  Exits with 3 when there is no\n"
		       "such process, or none that has the file in use."))
		return CLI_USAGE;
	if (!targets) {
		cli_complain("no process; see bigfile map --help, or bigfile status for those there are");
		return CLI_USAGE;
	}
	drawn.json = json_builder_new();
	json_builder_begin_object(drawn.json);
	json_list(drawn.json, "files");
	drawn.svg = g_string_new(NULL);
	for (char **t = targets; *t; t++) {
		int status = strspn(*t, "0123456789") == strlen(*t) ? draw_process(*t) : draw_file(*t);

		worst = MAX(worst, status);
	}
	/* A picture of nothing would take the place of an earlier one. */
	if (svg && (drawn.shown || worst == CLI_OK))
		return write_svg() ? MAX(worst, CLI_FAILED) : worst;
	if (svg)
		return worst;
	json_builder_end_array(drawn.json);
	json_builder_end_object(drawn.json);
	if (as_json)
		json_print(drawn.json);
	else if (worst == CLI_OK && !drawn.shown)
		g_print("nothing is written there\n");
	return worst;
}
