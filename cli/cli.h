/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the subcommands of the tool share.  The launcher becomes bigfile-COMMAND where there is such a program - blame and top,
 * which want libraries that the others need not wait for - and bigfile-tool otherwise.
 */
#ifndef BIGFILE_CLI_H
#define BIGFILE_CLI_H

#include <glib.h>

#include "codes.h"

/* Each gets its own name as argv[0] and returns the tool's exit status. */
/* For the launcher: see settings.h. */
int cli_configure(int argc, char **argv);
int cli_commit(int argc, char **argv);
int cli_abort(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_map(int argc, char **argv);
int cli_log(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_recover(int argc, char **argv);

/* First of all: how text is printed. */
void cli_start(void);

/*
 * Parses the options of a subcommand.  On a mistake, prints one line and returns false.
 * arguments: what it takes, for --help.
 */
gboolean cli_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *arguments,
		   const char *summary);

/* The path of the program bigfile; to be freed. */
char *cli_launcher(void);

/* A file's name on a line of text: line breaks and other control characters as question marks.  Until the next call. */
const char *cli_shown(const char *name);

/* "4.0 KiB", with a plain space; to be freed. */
char *cli_size(guint64 bytes);

/* "bigfile: ..." on stderr. */
void cli_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* A line for programs, as BIGFILE_LOG_FORMAT=json wants it, from the process pid. */
void cli_complain_json(const char *level, guint64 pid, const char *text);

#endif
