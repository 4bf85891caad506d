/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formatter of fmt.h: a cursor over a fixed buffer, no locale, no allocation. */
#include "fmt.h"

#include <stdint.h>
#include <string.h>

struct out {
	char *p;
	char *end; /* the last byte, kept for the terminator */
};

static void put_char(struct out *o, char c)
{
	if (o->p < o->end)
		*o->p++ = c;
}

static void put_string(struct out *o, const char *s)
{
	for (s = s ? s : "(null)"; *s; s++)
		put_char(o, *s);
}

static void put_number(struct out *o, uint64_t n, unsigned base)
{
	char digits[24];
	size_t count = 0;

	do {
		digits[count++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	while (count)
		put_char(o, digits[--count]);
}

const char *fmt_error(int err, char *scratch, size_t size)
{
	/* glibc 2.32 and later; the text lies in read-only memory. */
	const char *text = strerrordesc_np(err < 0 ? -err : err);

	if (text)
		return text;
	fmt_print(scratch, size, "error %d", err);
	return scratch;
}

static int64_t next_signed(va_list *args, int longs)
{
	return longs ? va_arg(*args, long) : va_arg(*args, int);
}

static uint64_t next_unsigned(va_list *args, int longs)
{
	return longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
}

static void put_signed(struct out *o, int64_t n)
{
	if (n < 0)
		put_char(o, '-');
	put_number(o, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 10);
}

static void put_conversion(struct out *o, char conversion, int longs, va_list *args)
{
	char scratch[32];

	switch (conversion) {
	case 's':
		put_string(o, va_arg(*args, const char *));
		break;
	case 'c':
		put_char(o, (char)va_arg(*args, int));
		break;
	case 'd':
		put_signed(o, next_signed(args, longs));
		break;
	case 'u':
		put_number(o, next_unsigned(args, longs), 10);
		break;
	case 'x':
		put_number(o, next_unsigned(args, longs), 16);
		break;
	case 'e':
		put_string(o, fmt_error(va_arg(*args, int), scratch, sizeof scratch));
		break;
	default:
		put_char(o, '%');
		if (conversion != '%')
			put_char(o, conversion);
	}
}

size_t fmt_vprint(char *buf, size_t size, const char *format, va_list args)
{
	struct out o = { buf, buf + size - 1 };
	va_list copy;

	if (size == 0)
		return 0;
	va_copy(copy, args);
	for (; *format; format++) {
		int longs = 0;

		if (*format != '%') {
			put_char(&o, *format);
			continue;
		}
		for (format++; *format == 'l' || *format == 'z'; format++)
			longs = 1;
		if (!*format)
			break;
		put_conversion(&o, *format, longs, &copy);
	}
	va_end(copy);
	*o.p = '\0';
	return (size_t)(o.p - buf);
}

size_t fmt_print(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	size_t n;

	va_start(args, format);
	n = fmt_vprint(buf, size, format, args);
	va_end(args);
	return n;
}
