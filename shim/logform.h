/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of the log for programs: a JSON object for each, or the fields of a journald entry.
 *
 * Async-signal-safe; cut to the size of the buffer so that they stay well-formed.  Both functions return the length.
 */
#ifndef BIGFILE_LOGFORM_H
#define BIGFILE_LOGFORM_H

#include <stddef.h>

enum log_level {
	LOG_QUIET, /* nothing at all */
	LOG_ERROR, /* something was asked of us and could not be done */
	LOG_WARN,  /* done, but not as the user may think */
	LOG_INFO,  /* attach, commit, abort, recovery: one line each */
	LOG_DEBUG, /* choices made inside */
};

struct logform {
	enum log_level level;
	const char *file;    /* that it is about; NULL: none */
	const char *message;
};

size_t logform_json(char *out, size_t size, const struct logform *line);
/* As its native protocol wants them. */
size_t logform_journal(char *out, size_t size, const struct logform *line);

#endif
