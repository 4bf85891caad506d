/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bigfile blame: runs a program and tells which of its functions have changed its marked files; or tells what programs
 * that ran with BIGFILE_BLAME have left.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blame.h"
#include "cli.h"

static char **patterns, **words, *folded, *output;
static gboolean from_files, show_stacks;
static int most = 10;

static const GOptionEntry entries[] = {
	{ "path", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &patterns, "mark files, as bigfile run does", "GLOB" },
	{ "number", 'n', 0, G_OPTION_ARG_INT, &most, "show so many functions for each file (default 10)", "N" },
	{ "stacks", 's', 0, G_OPTION_ARG_NONE, &show_stacks, "show who called them", NULL },
	{ "folded", 0, 0, G_OPTION_ARG_FILENAME, &folded, "write stacks for flame graphs, in pages", "FILE" },
	{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "write the report there, not to stderr", "FILE" },
	{ "read", 0, 0, G_OPTION_ARG_NONE, &from_files, "run nothing: read what BIGFILE_BLAME has left", NULL },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

static pid_t child;

static void pass_on(int sig)
{
	if (child > 0)
		kill(child, sig);
}

static void usual_signals(gpointer data)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
}

static char **command_line(const char *record)
{
	GStrvBuilder *all = g_strv_builder_new();
	char **line;

	g_strv_builder_add(all, cli_launcher());
	g_strv_builder_add(all, "run");
	g_strv_builder_add(all, "--blame");
	g_strv_builder_add(all, record);
	for (char **p = patterns; p && *p; p++) {
		g_strv_builder_add(all, "-p");
		g_strv_builder_add(all, *p);
	}
	g_strv_builder_add(all, "--");
	g_strv_builder_addv(all, (const char **)words);
	line = g_strv_builder_end(all);
	g_strv_builder_unref(all);
	return line;
}

/* As a shell waits for a command.  Its exit status. */
static int run(const char *record)
{
	g_auto(GStrv) line = command_line(record);
	g_autoptr(GError) error = NULL;
	int status;

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	if (!g_spawn_async(NULL, line, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN | G_SPAWN_LEAVE_DESCRIPTORS_OPEN,
			   usual_signals, NULL, &child, &error)) {
		cli_complain("%s", error->message);
		return CLI_FAILED;
	}
	for (int *sig = (int[]){ SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, 0 }; *sig; sig++)
		signal(*sig, pass_on);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	child = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void print_writer(GString *out, const struct writer *w)
{
	static const char *const what[] = {
		[BLAME_STORE] = "stored pages", [BLAME_BUFFER] = "reads into it", [BLAME_WRITE] = "writes",
		[BLAME_TRUNCATE] = "truncations", [BLAME_ALLOCATE] = "allocations",
	};
	g_autofree char *size = cli_size(w->bytes);
	const char *object;

	g_string_append_printf(out, "  %9" G_GUINT64_FORMAT " %-13s %10s  %s", w->times, what[w->kind],
			       w->kind == BLAME_TRUNCATE ? "" : size, w->function);
	object = w->object && !g_str_has_prefix(w->function, w->object) ? w->object : NULL;
	if (w->line || object)
		g_string_append_printf(out, " (%s%s%s)", w->line ? w->line : "", w->line && object ? ", " : "", object ? object : "");
	g_string_append_c(out, '\n');
	for (guint i = 0; show_stacks && i < w->stack->len; i++)
		g_string_append_printf(out, "%40s%s\n", "", (char *)w->stack->pdata[i]);
}

static char *text_of(struct blame_report *r)
{
	GString *out = g_string_new(NULL);
	const char *file = "";
	int shown = 0;

	if (!r->processes)
		g_string_append(out, "No marked file was changed.\n");
	else
		g_string_append_printf(out, "Who changed marked files in %s:\n", r->programs->str);
	for (guint i = 0; i < r->writers->len; i++) {
		const struct writer *w = r->writers->pdata[i];

		if (strcmp(file, w->file)) {
			g_string_append_printf(out, "%s\n", w->file);
			shown = 0;
		}
		file = w->file;
		if (shown++ < most)
			print_writer(out, w);
		else if (shown == most + 2)
			g_string_append(out, "            and more: see --number\n");
	}
	if (r->lost)
		g_string_append_printf(out, "%" G_GUINT64_FORMAT " changes are not shown: their stacks could not be told, or were too many\n",
				       r->lost);
	g_string_append(out, r->faults->str);
	return g_string_free(out, FALSE);
}

static gboolean write_out(const char *path, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (g_file_set_contents(path, text, -1, &error))
		return TRUE;
	cli_complain("%s", error->message);
	return FALSE;
}

static gboolean write_folded(struct blame_report *r)
{
	g_autoptr(GString) out = g_string_new(NULL);
	GHashTableIter i;
	gpointer line, pages;

	g_hash_table_iter_init(&i, r->folded);
	while (g_hash_table_iter_next(&i, &line, &pages))
		g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", (char *)line, *(guint64 *)pages);
	return write_out(folded, out->str);
}

static gboolean tell(struct blame_report *r)
{
	g_autofree char *text = NULL;
	gboolean fine = TRUE;

	blame_report_sort(r);
	text = text_of(r);
	if (output)
		fine = write_out(output, text);
	else
		fputs(text, from_files ? stdout : stderr);
	return (!folded || write_folded(r)) && fine;
}

/* Adds what lies in the folder, and deletes it. */
static void take_folder(struct blame_report *r, const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (!blame_report_add(r, path))
			cli_complain("%s: cannot be read", path);
		g_unlink(path);
	}
	g_rmdir(folder);
}

static int run_and_tell(struct blame_report *r)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_dir_make_tmp("bigfile-blame-XXXXXX", &error);
	g_autofree char *record = folder ? g_build_filename(folder, "blame", NULL) : NULL;
	int status;

	if (!folder) {
		cli_complain("%s", error->message);
		return CLI_FAILED;
	}
	status = run(record);
	take_folder(r, folder);
	/* It was not run at all: that has been said. */
	if ((status == 126 || status == 127) && !r->processes)
		return status;
	return tell(r) || status ? status : CLI_FAILED;
}

static int read_and_tell(struct blame_report *r)
{
	int status = CLI_OK;

	for (char **w = words; *w; w++) {
		if (blame_report_add(r, *w))
			continue;
		cli_complain("%s: was not left by BIGFILE_BLAME, or by another version of it", *w);
		status = CLI_FAILED;
	}
	return tell(r) ? status : CLI_FAILED;
}

int main(int argc, char **argv)
{
	struct blame_report *r;
	int status;

	cli_start();
	argc--;
	argv++;
	if (!cli_parse(&argc, &argv, entries, "-- COMMAND [ARGUMENT...]",
		       "Runs COMMAND as bigfile run does, and tells which functions of it have changed its marked files: the first\n"
		       "store to each page of a transaction, and every call.  Exits with the status of COMMAND."))
		return CLI_USAGE;
	if (!words) {
		cli_complain("no command; see bigfile blame --help");
		return CLI_USAGE;
	}
	r = blame_report_new();
	status = from_files ? read_and_tell(r) : run_and_tell(r);
	blame_report_free(r);
	return status;
}
