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
#include "settings.h"

#define SHELL "/bin/sh"

static const char **patterns;
static int pattern_count;
static bool verbose, no_config;

/* Options that set a variable of bigfile(7). */
static struct setting {
	const char *option, *variable, *value;
	enum setting_kind kind;
	const char *words;
} settings[] = {
#define X(option, variable, kind, words) { option, variable, NULL, kind, words },
	SETTINGS_OF_RUN(X)
#undef X
};
enum { SETTINGS = sizeof settings / sizeof *settings, OPTION_SETTING = 256 };

enum { FIXED = 4 };

static struct option options[FIXED + SETTINGS + 1] = {
	{ "path", required_argument, NULL, 'p' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "no-config", no_argument, NULL, 'n' },
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
	"  --view=KIND           auto, or private: share the transaction with no other process\n"
	"  --journal-dir=DIR     keep journals in DIR\n"
	"  --exit=POLICY         what exit does: success (commit on status 0), commit, abort\n"
	"  --sync=POLICY         what msync and fsync do: commit, defer\n"
	"  --interval=SECONDS    commit at these intervals\n"
	"  --durable=yes|no      whether a commit survives power loss\n"
	"  --wait=SECONDS        wait as long for another user of a file\n"
	"  --network=KIND        network file systems that are written to: checked, any\n"
	"  --memory=BYTES        what shared views, and copies, may take (K, M, G, T)\n"
	"  --on-error=POLICY     a file that cannot be attached: fail, warn\n"
	"  --commit-signal=NAME  USR1, another signal, or none\n"
	"  --abort-signal=NAME   USR2, another signal, or none\n"
	"  --log=LEVEL           quiet, error, warn, info, debug\n"
	"  --log-format=FORMAT   text, json, journal (of systemd)\n"
	"  --blame=FILE          record who writes in FILE.PID.N, for bigfile blame\n"
	"  --no-config           read no configuration file\n"
	"  -v, --verbose         say when files are attached, committed, recovered\n"
	"\n";

static void take_option(int option)
{
	if (option >= OPTION_SETTING)
		settings[option - OPTION_SETTING].value = optarg;
	switch (option) {
	case 'p':
		patterns[pattern_count++] = optarg;
		break;
	case 'v':
		verbose = true;
		break;
	case 'n':
		no_config = true;
		break;
	case 'h':
		_exit(write(STDOUT_FILENO, help, sizeof help - 1) < 0 ? CLI_FAILED : CLI_OK);
	}
}

/* The engine would use the default: another run than was asked for. */
static bool are_understood(void)
{
	for (const struct setting *s = settings; s < settings + SETTINGS; s++) {
		if (!s->value || setting_takes(s->kind, s->words, s->value))
			continue;
		complain("--", s->option, "=", s->value, ": must be ", setting_must_be(s->kind), s->words, "; see bigfile run --help");
		return false;
	}
	return true;
}

/* Options end at the first word that is none: what follows belongs to the command. */
static bool parse(int argc, char **argv)
{
	patterns = room_for((size_t)argc * sizeof *patterns);
	for (int i = 0; i < SETTINGS; i++)
		options[FIXED + i] = (struct option){ settings[i].option, required_argument, NULL, OPTION_SETTING + i };
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
	if (!are_understood())
		return false;
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
			warn(pattern, ": no such folder yet");
		return;
	}
	if (is_folder)
		warn(pattern, ": is a folder and marks nothing; ", pattern, "/ marks everything below it");
	else if (is_name ? !exists && lstat(pattern, &st) : glob(pattern, GLOB_NOSORT, NULL, &found) == GLOB_NOMATCH)
		warn(pattern, ": matches no file yet");
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
		warn("no files are marked: use -p GLOB or set BIGFILE_PATHS");
	return true;
}

static void set_variables(void)
{
	for (const struct setting *s = settings; s < settings + SETTINGS; s++) {
		if (s->value)
			environment_set(s->variable, s->kind == SETTING_PATH ? absolute_path(s->value) : s->value);
	}
	if (verbose)
		environment_set("BIGFILE_LOG", "info");
}

/* 0, or why exec would not run it. */
static int why_not_run(const char *path)
{
	struct stat st;

	if (access(path, X_OK) || stat(path, &st))
		return errno;
	return S_ISREG(st.st_mode) ? 0 : EACCES;
}

/* The file that execvp would run; NULL with errno set when there is none. */
static const char *find_program(const char *command)
{
	const char *folder = getenv("PATH");
	int error = ENOENT;

	if (strchr(command, '/'))
		return command;
	for (folder = folder ? folder : "/bin:/usr/bin"; folder && *command;) {
		size_t n = strcspn(folder, ":");
		char *path = room_for(n + strlen(command) + 2);
		int problem;

		memcpy(path, folder, n);
		strcpy(stpcpy(path + n, n ? "/" : ""), command);
		problem = why_not_run(path);
		if (!problem)
			return path;
		/* It is there, but not for us: the better reason when no other is found. */
		if (problem == EACCES)
			error = EACCES;
		folder = folder[n] ? folder + n + 1 : NULL;
	}
	errno = error;
	return NULL;
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
	const char *path = find_program(argv[0]), *why_not;
	int error;

	if (path) {
		why_not = program_cannot(path);
		if (why_not)
			warn(argv[0], ": ", why_not);
		become(path, argc, argv);
	}
	error = errno;
	complain(argv[0], ": ", strerror(error));
	return error == ENOENT ? 127 : 126;
}

/* Looks, and no more: reading is for the tool, which comes back with --no-config. */
static bool is_configured(void)
{
	const char *only = getenv(CONFIG_VARIABLE), *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (no_config || (only && *only))
		return !no_config && strcmp(only, "none");
	if (!access(CONFIG_SYSTEM, F_OK))
		return true;
	if (folder && *folder)
		return !access(join(folder, "/" CONFIG_NAME, NULL), F_OK);
	return home && !access(join(home, "/.config/" CONFIG_NAME, NULL), F_OK);
}

static int run_configured(int argc, char **argv)
{
	char **words = room_for((size_t)(argc + 3) * sizeof *words);

	words[0] = "bigfile";
	words[1] = CONFIGURE_COMMAND;
	words[2] = argv[optind];
	memcpy(words + 3, argv + 1, (size_t)argc * sizeof *words);
	return launcher_become_tool(words);
}

int launcher_run(int argc, char **argv)
{
	const char *library;

	if (!parse(argc, argv))
		return CLI_USAGE;
	if (is_configured())
		return run_configured(argc, argv);
	/* First, for what is said from here on follows them. */
	set_variables();
	library = find_library();
	if (!library)
		return CLI_FAILED;
	if (!mark_files())
		return CLI_USAGE;
	environment_prepend("LD_PRELOAD", library);
	return start(argc - optind, argv + optind);
}
