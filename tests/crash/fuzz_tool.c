/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For fuzz_control.c: of the tool's own frame, what its subcommands need. */
#include "cli.h"

extern char *fuzz_tool_arguments[2];
char *fuzz_tool_arguments[2];

/* Its own arguments are those there. */
gboolean cli_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *arguments, const char *summary)
{
	for (; entries->long_name; entries++) {
		if (entries->arg == G_OPTION_ARG_STRING_ARRAY)
			*(char ***)entries->arg_data = fuzz_tool_arguments;
	}
	return TRUE;
}

void cli_complain(const char *format, ...)
{
}

char *cli_size(guint64 bytes)
{
	return g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
}
