/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bigfile run: sets the environment and becomes the command, so that the process id - the one to send
 * signals and commits to - and the exit status are the command's own.
 */
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "launcher.h"
#include "program.h"

#define LIBRARY "libbigfile.so"
#define SHELL "/bin/sh"

static const char **patterns;
static int pattern_count;
static const char *tracker_name, *journal_dir, *exit_policy, *sync_policy;
static bool verbose;

enum { OPTION_TRACKER = 256, OPTION_JOURNAL_DIR, OPTION_EXIT, OPTION_SYNC };

static const struct option options[] = {
	{ "path", required_argument, NULL, 'p' },
	{ "tracker", required_argument, NULL, OPTION_TRACKER },
	{ "journal-dir", required_argument, NULL, OPTION_JOURNAL_DIR },
	{ "exit", required_argument, NULL, OPTION_EXIT },
	{ "sync", required_argument, NULL, OPTION_SYNC },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"Usage:\n"
	"  bigfile run [OPTION…] -- COMMAND [ARGUMENT...]\n"
	"\n"
	"Runs COMMAND with the stores into its marked files in one transaction: committed when it exits with status 0,\n"
	"on SIGUSR1, bigfile commit and msync; rolled back otherwise.\n"
	"\n"
	"Help Options:\n"
	"  -h, --help            Show help options\n"
	"\n"
	"Application Options:\n"
	"  -p, --path=GLOB       mark the files that GLOB names (may be repeated; \"DIR/\": everything below)\n"
	"  --tracker=NAME        notice stores by uffd or mprotect\n"
	"  --journal-dir=DIR     keep journals in DIR\n"
	"  --exit=POLICY         what exit does: success (commit on status 0), commit, abort\n"
	"  --sync=POLICY         what msync and fsync do: commit, defer\n"
	"  -v, --verbose         say when files are attached, committed, recovered\n"
	"\n";

static void take_option(int option)
{
	switch (option) {
	case 'p':
		patterns[pattern_count++] = optarg;
		break;
	case OPTION_TRACKER:
		tracker_name = optarg;
		break;
	case OPTION_JOURNAL_DIR:
		journal_dir = optarg;
		break;
	case OPTION_EXIT:
		exit_policy = optarg;
		break;
	case OPTION_SYNC:
		sync_policy = optarg;
		break;
	case 'v':
		verbose = true;
		break;
	case 'h':
		_exit(write(STDOUT_FILENO, help, sizeof help - 1) < 0 ? CLI_FAILED : CLI_OK);
	}
}

/* Options end at the first word that is none: what follows belongs to the command. */
static bool parse(int argc, char **argv)
{
	patterns = room_for((size_t)argc * sizeof *patterns);
	opterr = 0;
	for (;;) {
		const char *word = argv[optind];
		int option = getopt_long(argc, argv, "+:p:vh", options, NULL);

		if (option == -1)
			break;
		if (option == ':' || option == '?') {
			complain(option == ':' ? "Missing argument for " : "Unknown option ", word, "; see bigfile run --help");
			return false;
		}
		take_option(option);
	}
	if (optind < argc)
		return true;
	complain("no command; see bigfile run --help");
	return false;
}

/* An explicit choice is never replaced by another library: the caller would test the wrong one. */
static const char *find_library(void)
{
	static const char *const folders[] = { ".libs", "", LIBDIR, NULL };
	const char *chosen = getenv("BIGFILE_LIBRARY"), *library;

	/* Absolute, because the loader looks again in every program that the command starts. */
	library = chosen && *chosen ? absolute_path(chosen) : find_beside(LIBRARY, R_OK, folders);
	if (!library)
		complain(LIBRARY, " is not found beside bigfile or in ", LIBDIR, "; set BIGFILE_LIBRARY to its path");
	else if (chosen && *chosen && access(library, R_OK))
		complain(library, ": ", strerror(errno), "; BIGFILE_LIBRARY names it");
	else if (strpbrk(library, " :"))
		complain(library, ": the loader cannot preload a path with a space or a colon; move it");
	else
		return library;
	return NULL;
}

static void warn_when_nothing_matches(const char *pattern)
{
	bool exists, is_folder, is_name = !strpbrk(pattern, "*?[\\");
	struct stat st;
	glob_t found;

	exists = !stat(pattern, &st);
	is_folder = exists && S_ISDIR(st.st_mode);
	if (pattern[strlen(pattern) - 1] == '/') {
		if (!is_folder)
			complain(pattern, ": no such folder yet");
		return;
	}
	if (is_folder)
		complain(pattern, ": is a folder and marks nothing; ", pattern, "/ marks everything below it");
	else if (is_name ? !exists && lstat(pattern, &st) : glob(pattern, GLOB_NOSORT, NULL, &found) == GLOB_NOMATCH)
		complain(pattern, ": matches no file yet");
}

static bool mark_files(void)
{
	for (int i = 0; i < pattern_count; i++) {
		const char *p = patterns[i];

		if (!*p) {
			complain("an empty pattern marks nothing; see bigfile run --help");
			return false;
		}
		if (strchr(p, ':')) {
			complain(p, ": a colon separates patterns and cannot be part of one; use ? for it");
			return false;
		}
		warn_when_nothing_matches(p);
		environment_prepend("BIGFILE_PATHS", p);
	}
	if (!getenv("BIGFILE_PATHS"))
		complain("no files are marked: use -p GLOB or set BIGFILE_PATHS");
	return true;
}

static void set_if(const char *variable, const char *value)
{
	if (value)
		environment_set(variable, value);
}

/* As execvp does it: what the kernel does not know is a script for the shell. */
static void become(const char *path, int argc, char **argv)
{
	char **words;

	execve(path, argv, environ);
	if (errno != ENOEXEC)
		return;
	words = room_for((size_t)(argc + 2) * sizeof *words);
	words[0] = SHELL;
	words[1] = (char *)path;
	memcpy(words + 2, argv + 1, (size_t)argc * sizeof *words);
	execve(SHELL, words, environ);
}

static int start(int argc, char **argv)
{
	const char *path = program_find(argv[0]), *why_not;
	int error;

	if (path) {
		why_not = program_refuses_preload(path);
		if (why_not)
			complain(argv[0], ": ", why_not, ", so it cannot be preloaded and runs WITHOUT transactions");
		become(path, argc, argv);
	}
	error = errno;
	complain(argv[0], ": ", strerror(error));
	return error == ENOENT ? 127 : 126;
}

int launcher_run(int argc, char **argv)
{
	const char *library;

	if (!parse(argc, argv))
		return CLI_USAGE;
	library = find_library();
	if (!library)
		return CLI_FAILED;
	if (!mark_files())
		return CLI_USAGE;
	set_if("BIGFILE_TRACKER", tracker_name);
	set_if("BIGFILE_JOURNAL_DIR", journal_dir ? absolute_path(journal_dir) : NULL);
	set_if("BIGFILE_EXIT", exit_policy);
	set_if("BIGFILE_SYNC", sync_policy);
	set_if("BIGFILE_LOG", verbose ? "info" : NULL);
	environment_prepend("LD_PRELOAD", library);
	return start(argc - optind, argv + optind);
}
