/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line to stderr, by one write(2): "bigfile[PID]: text", or one for programs (logform.h).
 *
 * An error names the file, the cause and the way out, on one line.  The formats are
 * those of fmt.h; one that begins with "%s: " begins with the path of the file that it is about.  Async-signal-safe; errno is kept; nothing is printed below the
 * level set (default LOG_WARN).
 */
#ifndef BIGFILE_LOG_H
#define BIGFILE_LOG_H

#include "logform.h"

enum log_format { LOG_TEXT, LOG_JSON, LOG_JOURNAL };

void log_set_format(enum log_format format);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
void log_print(enum log_level level, const char *format, ...);

#define log_error(...) log_print(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_print(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

/*
 * Remembers what stderr is now.  A program that closes it and opens a file of its data as descriptor 2 will not
 * find our lines there.
 */
void log_start(void);

/* Of the terminal that lines of text go to; 0: they do not, or nobody wants any. */
unsigned log_terminal_columns(void);
/* As it stands, for who keeps a line there up to date (progress.h). */
void log_to_terminal(const char *text, size_t n);

/*
 * The calling thread has a descriptor table of its own: its lines go to the stderr that the process has
 * at that moment, not to one that it had once.
 */
void log_in_private_table(void);

/* Prints a line once per process and place: for conditions that would repeat. */
#define log_warn_once(...)                                                       \
	do {                                                                     \
		static int said_;                                                \
		if (!__atomic_exchange_n(&said_, 1, __ATOMIC_RELAXED))           \
			log_print(LOG_WARN, __VA_ARGS__);                        \
	} while (0)

#endif
