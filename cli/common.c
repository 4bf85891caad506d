/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands share: options, messages.  See cli.h. */
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"

/* File names are bytes: glib would turn what the locale does not know into question marks. */
static void print_bytes(const char *text)
{
	fputs(text, stdout);
}

static void complain_bytes(const char *text)
{
	fputs(text, stderr);
}

void cli_start(void)
{
	/* Which characters the terminal knows. */
	setlocale(LC_CTYPE, "");
	g_set_print_handler(print_bytes);
	g_set_printerr_handler(complain_bytes);
}

const char *cli_shown(const char *name)
{
	static char *shown;

	g_free(shown);
	shown = g_strdup(name);
	for (char *c = shown; c && *c; c++)
		*c = g_ascii_iscntrl(*c) ? '?' : *c;
	return shown;
}

char *cli_size(guint64 bytes)
{
	g_autofree char *text = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_auto(GStrv) words = g_strsplit(text, "\302\240", -1);

	return g_strjoinv(" ", words);
}

/* As the library says it (shim/logform.h). */
void cli_complain_json(const char *level, guint64 pid, const char *text)
{
	g_autoptr(JsonBuilder) out = json_builder_new();
	g_autofree char *line = NULL;

	json_builder_begin_object(out);
	json_builder_set_member_name(out, "time");
	json_builder_add_double_value(out, (double)g_get_real_time() / G_USEC_PER_SEC);
	json_number(out, "pid", pid);
	json_string(out, "level", level);
	json_string(out, "message", text);
	json_builder_end_object(out);
	line = json_line(out);
	g_printerr("%s", line);
}

void cli_complain(const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	if (g_strcmp0(g_getenv("BIGFILE_LOG_FORMAT"), "json"))
		g_printerr("bigfile: %s\n", cli_shown(text));
	else
		cli_complain_json("error", (guint64)getpid(), text);
}

gboolean cli_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *arguments,
		   const char *summary)
{
	g_autoptr(GOptionContext) context = g_option_context_new(arguments);
	g_autoptr(GError) error = NULL;
	g_autofree char *name = g_strdup_printf("bigfile %s", (*argv)[0]);

	g_set_prgname(name);
	g_option_context_set_summary(context, summary);
	if (entries)
		g_option_context_add_main_entries(context, entries, NULL);
	if (g_option_context_parse(context, argc, argv, &error))
		return TRUE;
	cli_complain("%s; see bigfile %s --help", error->message, (*argv)[0]);
	return FALSE;
}

/* In the checkout it lies beside us, installed it does not. */
char *cli_launcher(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
	char *beside = folder ? g_build_filename(folder, "bigfile", NULL) : NULL;

	if (beside && !access(beside, X_OK))
		return beside;
	g_free(beside);
	return g_build_filename(BINDIR, "bigfile", NULL);
}
