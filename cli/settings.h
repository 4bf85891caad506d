/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of bigfile run that set a variable of bigfile(7); in a configuration file they have the same names. */
#ifndef BIGFILE_SETTINGS_H
#define BIGFILE_SETTINGS_H

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* X(option, variable, is it a path, the words that it takes or NULL: the engine looks at it) */
#define SETTINGS_OF_RUN(X)                                                         \
	X("tracker", "BIGFILE_TRACKER", false, "auto uffd mprotect")               \
	X("view", "BIGFILE_VIEW", false, "auto private")                           \
	X("journal-dir", "BIGFILE_JOURNAL_DIR", true, NULL)                        \
	X("exit", "BIGFILE_EXIT", false, "success commit abort")                   \
	X("sync", "BIGFILE_SYNC", false, "commit defer")                           \
	X("interval", "BIGFILE_INTERVAL", false, NULL)                             \
	X("durable", "BIGFILE_DURABLE", false, "yes no 1 0")                       \
	X("wait", "BIGFILE_WAIT", false, NULL)                                     \
	X("network", "BIGFILE_NETWORK", false, "checked any")                      \
	X("memory", "BIGFILE_MEMORY", false, NULL)                                 \
	X("on-error", "BIGFILE_ON_ERROR", false, "fail warn")                      \
	X("commit-signal", "BIGFILE_COMMIT_SIGNAL", false, NULL)                   \
	X("abort-signal", "BIGFILE_ABORT_SIGNAL", false, NULL)                     \
	X("log", "BIGFILE_LOG", false, "quiet error warn info debug")              \
	X("log-format", "BIGFILE_LOG_FORMAT", false, "text json journal")          \
	X("blame", "BIGFILE_BLAME", true, NULL)

/* Is value one of these words, in whatever case?  An empty one asks for the default. */
static inline bool setting_takes(const char *words, const char *value)
{
	size_t n = strlen(value), word;

	for (const char *w = words; w && *w; w += word + (w[word] == ' ')) {
		word = strcspn(w, " ");
		if (word == n && !strncasecmp(w, value, n))
			return true;
	}
	return !words || !n;
}

/* Under this name the launcher becomes the tool, with COMMAND and the arguments of run, when there is a configuration. */
#define CONFIGURE_COMMAND "configure-run"
/* LEVEL PID TEXT: the tool prints it as a line for programs. */
#define COMPLAIN_COMMAND "complain-json"
/* The system's file; the user's is CONFIG_NAME in $XDG_CONFIG_HOME. */
#define CONFIG_NAME "bigfile.conf"
#define CONFIG_SYSTEM SYSCONFDIR "/" CONFIG_NAME
/* Names the only one that is read; "none" for none. */
#define CONFIG_VARIABLE "BIGFILE_CONFIG"

#endif
