/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bigfile-tool: what the launcher becomes for each subcommand but run, which it does itself.  Finds the subcommand. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "config.h"
#include "settings.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", NULL, "run a program with its marked files in a transaction" },
	{ "commit", cli_commit, "commit what a process has stored" },
	{ "abort", cli_abort, "roll it back" },
	{ "status", cli_status, "show processes and their marked files" },
	{ "top", NULL, "watch processes and what they have not committed" },
	{ "map", cli_map, "show where in files the dirty pages are" },
	{ "log", cli_log, "show the transactions that a file's journal still holds" },
	{ "blame", NULL, "tell which functions of a program change its marked files" },
	{ "doctor", cli_doctor, "tell what works here and what could be changed" },
	{ "check", cli_check, "look whether files need recovery" },
	{ "recover", cli_recover, "redo what a crash left in a journal" },
};

static void print_help(void)
{
	g_print("Usage: bigfile COMMAND [OPTION...] ...\n\n"
		"Transactions for programs that keep their data in files: what a program changes in the files that are marked\n"
		"is in them as a whole, when it ends with status 0 or is committed before, or not at all.\n\n"
		"  bigfile run -p 'data/*' -- PROGRAM ARGUMENT...\n\n");
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		g_print("  %-10s %s\n", commands[i].name, commands[i].summary);
	g_print("\nbigfile COMMAND --help tells more; bigfile(1) and bigfile(7) tell all.\n");
}

int main(int argc, char **argv)
{
	cli_start();
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
	if (!strcmp(argv[1], CONFIGURE_COMMAND))
		return cli_configure(argc - 1, argv + 1);
	if (!strcmp(argv[1], COMPLAIN_COMMAND) && argc == 5) {
		cli_complain_json(argv[2], strtoull(argv[3], NULL, 10), argv[4]);
		return CLI_OK;
	}
	config_load();
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		if (commands[i].run)
			return commands[i].run(argc - 1, argv + 1);
		cli_complain("bigfile-%s is not installed beside bigfile or in " TOOLDIR, argv[1]);
		return CLI_FAILED;
	}
	cli_complain("there is no command \"%s\"; see bigfile --help", argv[1]);
	return CLI_USAGE;
}
