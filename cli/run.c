/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bigfile run: sets the environment and becomes the command, so that the process id - the one to send
 * signals and commits to - and the exit status are the command's own.
 */
#include <errno.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "program.h"

#define LIBRARY "libbigfile.so"

static char **patterns, **command;
static char *tracker_name, *journal_dir, *exit_policy, *sync_policy;
static gboolean verbose;

static const GOptionEntry entries[] = {
	{ "path", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &patterns,
	  "mark the files that GLOB names (may be repeated; \"DIR/\": everything below)", "GLOB" },
	{ "tracker", 0, 0, G_OPTION_ARG_STRING, &tracker_name, "notice stores by uffd or mprotect", "NAME" },
	{ "journal-dir", 0, 0, G_OPTION_ARG_FILENAME, &journal_dir, "keep journals in DIR", "DIR" },
	{ "exit", 0, 0, G_OPTION_ARG_STRING, &exit_policy, "what exit does: success (commit on status 0), commit, abort",
	  "POLICY" },
	{ "sync", 0, 0, G_OPTION_ARG_STRING, &sync_policy, "what msync and fsync do: commit, defer", "POLICY" },
	{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "say when files are attached, committed, recovered", NULL },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &command, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

/* An explicit choice is never replaced by another library: the caller would test the wrong one. */
static char *find_library(void)
{
	const char *chosen = g_getenv("BIGFILE_LIBRARY");
	g_autofree char *exe = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = exe ? g_path_get_dirname(exe) : g_strdup("");
	char *candidates[] = { g_build_filename(folder, ".libs", LIBRARY, NULL),
			       g_build_filename(folder, LIBRARY, NULL),
			       g_build_filename(LIBDIR, LIBRARY, NULL) };
	char *found = NULL;

	/* Absolute, because the loader looks again in every program that the command starts. */
	if (chosen && *chosen)
		found = g_canonicalize_filename(chosen, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(candidates); i++) {
		if (!found && !access(candidates[i], R_OK))
			found = g_steal_pointer(&candidates[i]);
		g_free(candidates[i]);
	}
	return found;
}

static void prepend(const char *variable, const char *value, const char *separator)
{
	const char *before = g_getenv(variable);
	g_autofree char *joined = before && *before ? g_strconcat(value, separator, before, NULL) :
						      g_strdup(value);

	g_setenv(variable, joined, TRUE);
}

static void warn_when_nothing_matches(const char *pattern)
{
	glob_t found;

	if (g_str_has_suffix(pattern, "/")) {
		if (!g_file_test(pattern, G_FILE_TEST_IS_DIR))
			cli_complain("%s: no such folder yet", pattern);
		return;
	}
	if (g_file_test(pattern, G_FILE_TEST_IS_DIR))
		cli_complain("%s: is a folder and marks nothing; %s/ marks everything below it", pattern, pattern);
	else if (glob(pattern, GLOB_NOSORT, NULL, &found) == GLOB_NOMATCH)
		cli_complain("%s: matches no file yet", pattern);
	else
		globfree(&found);
}

static gboolean mark_files(void)
{
	for (char **p = patterns; p && *p; p++) {
		if (!**p) {
			cli_complain("an empty pattern marks nothing; see bigfile run --help");
			return FALSE;
		}
		if (strchr(*p, ':')) {
			cli_complain("%s: a colon separates patterns and cannot be part of one; use ? for it", *p);
			return FALSE;
		}
		warn_when_nothing_matches(*p);
		prepend("BIGFILE_PATHS", *p, ":");
	}
	if (!g_getenv("BIGFILE_PATHS"))
		cli_complain("no files are marked: use -p GLOB or set BIGFILE_PATHS");
	return TRUE;
}

static void set_if(const char *variable, const char *value)
{
	if (value)
		g_setenv(variable, value, TRUE);
}

int cli_run(int argc, char **argv)
{
	g_autofree char *library = NULL;
	const char *why_not;
	int error;

	if (!cli_parse(&argc, &argv, entries, "-- COMMAND [ARGUMENT...]",
		       "Runs COMMAND with the stores into its marked files in one transaction: committed when it "
		       "exits with status 0,\non SIGUSR1, bigfile commit and msync; rolled back otherwise."))
		return CLI_USAGE;
	if (!command || !*command) {
		cli_complain("no command; see bigfile run --help");
		return CLI_USAGE;
	}
	library = find_library();
	if (!library) {
		cli_complain("%s is not found beside bigfile or in %s; set BIGFILE_LIBRARY to its path", LIBRARY, LIBDIR);
		return CLI_FAILED;
	}
	if (access(library, R_OK)) {
		cli_complain("%s: %s; BIGFILE_LIBRARY names it", library, g_strerror(errno));
		return CLI_FAILED;
	}
	if (strpbrk(library, " :")) {
		cli_complain("%s: the loader cannot preload a path with a space or a colon; move it", library);
		return CLI_FAILED;
	}
	if (!mark_files())
		return CLI_USAGE;
	set_if("BIGFILE_TRACKER", tracker_name);
	if (journal_dir) {
		g_autofree char *absolute = g_canonicalize_filename(journal_dir, NULL);

		g_setenv("BIGFILE_JOURNAL_DIR", absolute, TRUE);
	}
	set_if("BIGFILE_EXIT", exit_policy);
	set_if("BIGFILE_SYNC", sync_policy);
	set_if("BIGFILE_LOG", verbose ? "info" : NULL);
	why_not = program_refuses_preload(command[0]);
	if (why_not)
		cli_complain("%s: %s, so it cannot be preloaded and runs WITHOUT transactions", command[0], why_not);
	prepend("LD_PRELOAD", library, ":");
	execvp(command[0], command);
	error = errno;
	cli_complain("%s: %s", command[0], g_strerror(error));
	return error == ENOENT ? 127 : 126;
}
