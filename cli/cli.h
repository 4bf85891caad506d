/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the subcommands of the tool share. */
#ifndef BIGFILE_CLI_H
#define BIGFILE_CLI_H

#include <glib.h>

#include "codes.h"

/* Each gets its own name as argv[0] and returns the tool's exit status. */
int cli_commit(int argc, char **argv);
int cli_abort(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_log(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_recover(int argc, char **argv);

/*
 * Parses the options of a subcommand.  On a mistake, prints one line and returns false.
 * arguments: what it takes, for --help.
 */
gboolean cli_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *arguments,
		   const char *summary);

/* "bigfile: ..." on stderr. */
void cli_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
