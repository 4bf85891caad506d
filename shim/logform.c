/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See logform.h.  The text comes last of the members that can be long: what is cut off is its end. */
#include "logform.h"

#include <stdint.h>
#include <string.h>

#include "fmt.h"
#include "sys.h"

#define TAIL 4 /* quotes, brackets, the end of the line */

static const char *name_of(enum log_level level)
{
	static const char *const names[] = { "quiet", "error", "warn", "info", "debug" };

	return names[level];
}

/* The length of the UTF-8 sequence at s, 0 when it is none. */
static size_t sequence(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

/* A string in quotes; what is no UTF-8, a file name may be anything, becomes U+FFFD. */
static size_t put_string(char *out, size_t size, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0;

	out[at++] = '"';
	while (*s && at + 8 < size) {
		size_t n = sequence(s);

		if (*s < 0x20)
			at += fmt_print(out + at, size - at, *s < 0x10 ? "\\u000%x" : "\\u00%x", *s);
		else if (!n)
			at += fmt_print(out + at, size - at, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			at += fmt_print(out + at, size - at, "\\%c", *s);
		else
			memcpy(out + at, s, n), at += n;
		s += n ? n : 1;
	}
	out[at++] = '"';
	return at;
}

size_t logform_json(char *out, size_t size, const struct logform *line)
{
	uint64_t now = sys_now_ns(CLOCK_REALTIME), micros = now / 1000 % 1000000;
	char fraction[8];
	size_t n;

	fmt_print(fraction, sizeof fraction, "%lu", micros + 1000000);
	n = fmt_print(out, size, "{\"time\":%lu.%s,\"pid\":%d,\"level\":\"%s\"", now / 1000000000, fraction + 1, sys_getpid(),
		      name_of(line->level));
	if (line->file) {
		n += fmt_print(out + n, size - n, ",\"file\":");
		n += put_string(out + n, size / 2 - n, line->file);
	}
	n += fmt_print(out + n, size - n, ",\"message\":");
	n += put_string(out + n, size - n - TAIL, line->message);
	n += fmt_print(out + n, size - n, "}\n");
	return n;
}

/* A line break would begin another field. */
static size_t put_field(char *out, size_t size, const char *name, const char *value)
{
	size_t n = fmt_print(out, size - 1, "%s=%s", name, value);

	for (char *p = memchr(out, '\n', n); p; p = memchr(p, '\n', n - (size_t)(p - out)))
		*p = '?';
	out[n++] = '\n';
	return n;
}

size_t logform_journal(char *out, size_t size, const struct logform *line)
{
	static const char *const priorities[] = { "2", "3", "4", "6", "7" };
	size_t n = put_field(out, size, "PRIORITY", priorities[line->level]);

	n += put_field(out + n, size - n, "SYSLOG_IDENTIFIER", "bigfile");
	if (line->file)
		n += put_field(out + n, size / 2 - n, "BIGFILE_FILE", line->file);
	n += put_field(out + n, size - n, "MESSAGE", line->message);
	return n;
}
