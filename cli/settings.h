/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of bigfile run that set a variable of bigfile(7); in a configuration file they have the same names. */
#ifndef BIGFILE_SETTINGS_H
#define BIGFILE_SETTINGS_H

/* X(option, variable, is it a path) */
#define SETTINGS_OF_RUN(X)                                 \
	X("tracker", "BIGFILE_TRACKER", false)             \
	X("view", "BIGFILE_VIEW", false)                   \
	X("journal-dir", "BIGFILE_JOURNAL_DIR", true)      \
	X("exit", "BIGFILE_EXIT", false)                   \
	X("sync", "BIGFILE_SYNC", false)                   \
	X("interval", "BIGFILE_INTERVAL", false)           \
	X("durable", "BIGFILE_DURABLE", false)             \
	X("wait", "BIGFILE_WAIT", false)                   \
	X("network", "BIGFILE_NETWORK", false)             \
	X("memory", "BIGFILE_MEMORY", false)               \
	X("on-error", "BIGFILE_ON_ERROR", false)           \
	X("commit-signal", "BIGFILE_COMMIT_SIGNAL", false) \
	X("abort-signal", "BIGFILE_ABORT_SIGNAL", false)   \
	X("log", "BIGFILE_LOG", false)                     \
	X("log-format", "BIGFILE_LOG_FORMAT", false)       \
	X("blame", "BIGFILE_BLAME", true)

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
