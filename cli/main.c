/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bigfile-tool: what the launcher becomes for each subcommand but run, which it does itself.  Finds the subcommand. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "config.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", NULL, "run a program with its marked files in a transaction" },
	{ "commit", cli_commit, "commit what a process has stored" },
	{ "abort", cli_abort, "roll it back" },
	{ "status", cli_status, "show processes and their marked files" },
	{ "log", cli_log, "show the transactions that a file's journal still holds" },
	{ "doctor", cli_doctor, "tell what works here and what could be changed" },
	{ "check", cli_check, "look whether files need recovery" },
	{ "recover", cli_recover, "redo what a crash left in a journal" },
};

void cli_complain(const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_printerr("bigfile: %s\n", text);
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

/* File names are bytes: glib would turn what the locale does not know into question marks. */
static void print_bytes(const char *text)
{
	fputs(text, stdout);
}

static void complain_bytes(const char *text)
{
	fputs(text, stderr);
}

static void print_help(void)
{
	g_print("Usage: bigfile COMMAND [OPTION...] ...\n\n"
		"Transactions for programs that keep their data in mapped files.\n\n");
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		g_print("  %-10s %s\n", commands[i].name, commands[i].summary);
	g_print("\nbigfile COMMAND --help tells more; bigfile(1) and bigfile(7) tell all.\n");
}

int main(int argc, char **argv)
{
	g_set_print_handler(print_bytes);
	g_set_printerr_handler(complain_bytes);
	if (argc < 2) {
		print_help();
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help();
		return CLI_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		g_print("bigfile %s\n", PACKAGE_VERSION);
		return CLI_OK;
	}
	config_load();
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (commands[i].run && !strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	cli_complain("there is no command \"%s\"; see bigfile --help", argv[1]);
	return CLI_USAGE;
}
