/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small formatter for places where printf may not go: signal handlers, other
 * people's allocator locks, a process that is dying.
 *
 * Knows %s %c %d %u %x with the modifiers l, ll and z, %% and %e (an int errno or -errno
 * as text, "No space left on device").  Anything else is printed as it stands.
 * Always terminates the buffer; cuts off what does not fit.  Async-signal-safe.
 */
#ifndef BIGFILE_FMT_H
#define BIGFILE_FMT_H

#include <stdarg.h>
#include <stddef.h>

/* Returns the length of what was written, without the terminator. */
size_t fmt_print(char *buf, size_t size, const char *format, ...);
size_t fmt_vprint(char *buf, size_t size, const char *format, va_list args);

/* The text of an errno (either sign); "error N" when unknown. */
const char *fmt_error(int err, char *scratch, size_t size);

#endif
