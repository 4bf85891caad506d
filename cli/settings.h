/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of bigfile run that set a variable of bigfile(7); in a configuration file they have the same names. */
#ifndef BIGFILE_SETTINGS_H
#define BIGFILE_SETTINGS_H

#include <stdbool.h>

/* What a value must be. */
enum setting_kind { SETTING_WORD, SETTING_PATH, SETTING_SECONDS, SETTING_SIZE, SETTING_SIGNAL };

/* X(option, variable, kind, the words that it takes or "") */
#define SETTINGS_OF_RUN(X)                                                                  \
	X("tracker", "BIGFILE_TRACKER", SETTING_WORD, "auto uffd mprotect")                 \
	X("view", "BIGFILE_VIEW", SETTING_WORD, "auto private")                             \
	X("journal-dir", "BIGFILE_JOURNAL_DIR", SETTING_PATH, "")                           \
	X("exit", "BIGFILE_EXIT", SETTING_WORD, "success commit abort")                     \
	X("sync", "BIGFILE_SYNC", SETTING_WORD, "commit defer")                             \
	X("interval", "BIGFILE_INTERVAL", SETTING_SECONDS, "")                              \
	X("durable", "BIGFILE_DURABLE", SETTING_WORD, "yes no 1 0")                         \
	X("wait", "BIGFILE_WAIT", SETTING_SECONDS, "")                                      \
	X("network", "BIGFILE_NETWORK", SETTING_WORD, "checked any")                        \
	X("memory", "BIGFILE_MEMORY", SETTING_SIZE, "")                                     \
	X("on-error", "BIGFILE_ON_ERROR", SETTING_WORD, "fail warn")                        \
	X("commit-signal", "BIGFILE_COMMIT_SIGNAL", SETTING_SIGNAL, "")                     \
	X("abort-signal", "BIGFILE_ABORT_SIGNAL", SETTING_SIGNAL, "")                       \
	X("log", "BIGFILE_LOG", SETTING_WORD, "quiet error warn info debug")                \
	X("log-format", "BIGFILE_LOG_FORMAT", SETTING_WORD, "text json journal")            \
	X("blame", "BIGFILE_BLAME", SETTING_PATH, "")

/* Is value one of these words, in whatever case, or understood as what the kind says?  An empty one asks for the default. */
bool setting_takes(enum setting_kind kind, const char *words, const char *value);
/* For "must be ...", in front of the words. */
const char *setting_must_be(enum setting_kind kind);

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
