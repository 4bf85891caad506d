/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wide characters on streams of ours.
 *
 * Streams that fopencookie makes are for bytes only: libc's wide functions see to it that they crash there, or fail without a word.  So for these streams they
 * are put together here from those for bytes and the conversions of the current locale.  What can be no character is EILSEQ at once, where libc may find
 * that out when the stream is flushed.  What the locale cannot write becomes what libc writes in its place: EUR, or a question mark.  All other streams
 * are libc's.
 *
 * Only libc can read by a format, for it alone knows what comes next: on streams of ours that fails with ENOTSUP.
 */
#include "interpose.h"

#include <iconv.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "log.h"
#include "open.h"

#undef getwc_unlocked
#undef putwc_unlocked

/* <stdio.h> has no name for it, but for who is libc. */
#define ERROR_SEEN 0x20

/* For others they stay as fast as they are; ours may as well be locked. */
#define UNLOCKED(type, name, parameters, locked, arguments)                            \
	EXPORT type name parameters                                                    \
	{                                                                              \
		return stream_is_ours(stream) ? locked arguments : real(name) arguments; \
	}

static wint_t no_character(FILE *stream)
{
	stream->_flags |= ERROR_SEEN;
	errno = EILSEQ;
	return WEOF;
}

static wint_t get(FILE *stream)
{
	mbstate_t state = { 0 };

	for (;;) {
		int c = getc_unlocked(stream);
		char byte = (char)c;
		wchar_t wide = 0;

		if (c == EOF)
			return WEOF;
		switch (mbrtowc(&wide, &byte, 1, &state)) {
		case (size_t)-2:
			break;
		case (size_t)-1:
			return no_character(stream);
		default:
			return (wint_t)wide;
		}
	}
}

/* What libc's own streams write for what the locale does not have.  How many bytes; 0: nothing stands for it. */
static size_t substitute(wchar_t wide, char *bytes, size_t size)
{
	char charset[64], *in = (char *)&wide, *out = bytes;
	size_t left = sizeof wide, room = size;
	iconv_t conversion;

	snprintf(charset, sizeof charset, "%s//TRANSLIT", nl_langinfo(CODESET));
	conversion = iconv_open(charset, "WCHAR_T");
	if (conversion == (iconv_t)-1)
		return 0;
	if (iconv(conversion, &in, &left, &out, &room) == (size_t)-1)
		room = size;
	iconv_close(conversion);
	return size - room;
}

static wint_t put(wchar_t wide, FILE *stream)
{
	mbstate_t state = { 0 };
	char bytes[64];
	size_t n = wcrtomb(bytes, wide, &state);

	if (n == (size_t)-1)
		n = substitute(wide, bytes, sizeof bytes);
	if (!n)
		return no_character(stream);
	for (size_t i = 0; i < n; i++) {
		if (putc_unlocked(bytes[i], stream) == EOF)
			return WEOF;
	}
	return (wint_t)wide;
}

EXPORT wint_t fgetwc(FILE *stream)
{
	wint_t wide;

	if (!stream_is_ours(stream))
		return real(fgetwc)(stream);
	flockfile(stream);
	wide = get(stream);
	funlockfile(stream);
	return wide;
}
ALIAS(getwc, fgetwc);
UNLOCKED(wint_t, fgetwc_unlocked, (FILE * stream), fgetwc, (stream))
ALIAS(getwc_unlocked, fgetwc_unlocked);

EXPORT wint_t getwchar(void)
{
	return fgetwc(stdin);
}

EXPORT wint_t getwchar_unlocked(void)
{
	return fgetwc_unlocked(stdin);
}

EXPORT wint_t fputwc(wchar_t wide, FILE *stream)
{
	wint_t result;

	if (!stream_is_ours(stream))
		return real(fputwc)(wide, stream);
	flockfile(stream);
	result = put(wide, stream);
	funlockfile(stream);
	return result;
}
ALIAS(putwc, fputwc);
UNLOCKED(wint_t, fputwc_unlocked, (wchar_t wide, FILE *stream), fputwc, (wide, stream))
ALIAS(putwc_unlocked, fputwc_unlocked);

EXPORT wint_t putwchar(wchar_t wide)
{
	return fputwc(wide, stdout);
}

EXPORT wint_t putwchar_unlocked(wchar_t wide)
{
	return fputwc_unlocked(wide, stdout);
}

/* They take both, at any time. */
EXPORT int fwide(FILE *stream, int mode)
{
	return stream_is_ours(stream) ? (mode > 0) - (mode < 0) : real(fwide)(stream, mode);
}

/* Its bytes go back as they came: where they came from there is room. */
EXPORT wint_t ungetwc(wint_t wide, FILE *stream)
{
	mbstate_t state = { 0 };
	char bytes[MB_LEN_MAX];
	size_t n;
	bool back = true;

	if (!stream_is_ours(stream))
		return real(ungetwc)(wide, stream);
	n = wide == WEOF ? (size_t)-1 : wcrtomb(bytes, (wchar_t)wide, &state);
	if (n == (size_t)-1)
		return WEOF;
	flockfile(stream);
	while (n && back)
		back = ungetc((unsigned char)bytes[--n], stream) != EOF;
	funlockfile(stream);
	return back ? wide : WEOF;
}

EXPORT wchar_t *fgetws(wchar_t *text, int room, FILE *stream)
{
	wint_t wide = 0;
	int n = 0, before;
	bool failed;

	if (!stream_is_ours(stream))
		return real(fgetws)(text, room, stream);
	if (room <= 0)
		return NULL;
	flockfile(stream);
	/* An error of earlier does not spoil this line. */
	before = stream->_flags & ERROR_SEEN;
	stream->_flags &= ~ERROR_SEEN;
	while (n + 1 < room && wide != L'\n' && (wide = get(stream)) != WEOF)
		text[n++] = (wchar_t)wide;
	failed = wide == WEOF && (stream->_flags & ERROR_SEEN);
	stream->_flags |= before;
	funlockfile(stream);
	if (room > 1 && (n == 0 || failed))
		return NULL;
	text[n] = L'\0';
	return text;
}
UNLOCKED(wchar_t *, fgetws_unlocked, (wchar_t * text, int room, FILE *stream), fgetws, (text, room, stream))

/* What the program's compiler has put in place of fgetws; size is all the room that there is. */
EXPORT wchar_t *__fgetws_chk(wchar_t *text, size_t size, int room, FILE *stream);
EXPORT wchar_t *__fgetws_chk(wchar_t *text, size_t size, int room, FILE *stream)
{
	if (!stream_is_ours(stream) || (room > 0 && (size_t)room > size))
		return real(__fgetws_chk)(text, size, room, stream);
	return fgetws(text, room, stream);
}
EXPORT wchar_t *__fgetws_unlocked_chk(wchar_t *text, size_t size, int room, FILE *stream);
UNLOCKED(wchar_t *, __fgetws_unlocked_chk, (wchar_t * text, size_t size, int room, FILE *stream), __fgetws_chk, (text, size, room, stream))

static int put_all(const wchar_t *text, size_t length, FILE *stream)
{
	size_t n = 0;

	flockfile(stream);
	while (n < length && put(text[n], stream) != WEOF)
		n++;
	funlockfile(stream);
	return n == length ? 0 : -1;
}

EXPORT int fputws(const wchar_t *text, FILE *stream)
{
	if (!stream_is_ours(stream))
		return real(fputws)(text, stream);
	return put_all(text, wcslen(text), stream) ? -1 : 1;
}
UNLOCKED(int, fputws_unlocked, (const wchar_t *text, FILE *stream), fputws, (text, stream))

/* flag: below 0 none, else as the program's compiler has it checked. */
static int print(FILE *stream, int flag, const wchar_t *format, va_list args)
{
	wchar_t *text = NULL;
	size_t length = 0;
	FILE *memory;
	int n;

	if (!stream_is_ours(stream))
		return flag < 0 ? real(vfwprintf)(stream, format, args) : real(__vfwprintf_chk)(stream, flag, format, args);
	memory = open_wmemstream(&text, &length);
	if (!memory)
		return -1;
	n = flag < 0 ? real(vfwprintf)(memory, format, args) : real(__vfwprintf_chk)(memory, flag, format, args);
	if (fclose(memory) || n < 0 || put_all(text, length, stream))
		n = -1;
	free(text);
	return n;
}

EXPORT int vfwprintf(FILE *stream, const wchar_t *format, va_list args)
{
	return print(stream, -1, format, args);
}

EXPORT int vwprintf(const wchar_t *format, va_list args)
{
	return print(stdout, -1, format, args);
}

EXPORT int __vfwprintf_chk(FILE *stream, int flag, const wchar_t *format, va_list args);
EXPORT int __vfwprintf_chk(FILE *stream, int flag, const wchar_t *format, va_list args)
{
	return print(stream, flag, format, args);
}

EXPORT int __vwprintf_chk(int flag, const wchar_t *format, va_list args);
EXPORT int __vwprintf_chk(int flag, const wchar_t *format, va_list args)
{
	return print(stdout, flag, format, args);
}

static int scan(FILE *stream, int (*libc)(FILE *, const wchar_t *, va_list), const wchar_t *format, va_list args)
{
	if (!stream_is_ours(stream))
		return libc(stream, format, args);
	log_error("a stream on a marked file cannot be read by fwscanf: read it by fgetws and swscanf, or take the file out of BIGFILE_PATHS");
	errno = ENOTSUP;
	return EOF;
}

/* The variadic ones, under the names that they have in libc: by its headers one of these would become another. */
#define VARIADIC(symbol, parameters, last, call)                            \
	EXPORT int variadic_##symbol parameters __asm__(#symbol);           \
	EXPORT int variadic_##symbol parameters                             \
	{                                                                   \
		va_list args;                                               \
		int result;                                                 \
                                                                            \
		va_start(args, last);                                       \
		result = call;                                              \
		va_end(args);                                               \
		return result;                                              \
	}

VARIADIC(fwprintf, (FILE * stream, const wchar_t *format, ...), format, print(stream, -1, format, args))
VARIADIC(wprintf, (const wchar_t *format, ...), format, print(stdout, -1, format, args))
VARIADIC(__fwprintf_chk, (FILE * stream, int flag, const wchar_t *format, ...), format, print(stream, flag, format, args))
VARIADIC(__wprintf_chk, (int flag, const wchar_t *format, ...), format, print(stdout, flag, format, args))

/* Each standard of C has had its own. */
#define SCANS(of_stream, of_stdin, v_stream, v_stdin)                                                                 \
	EXPORT int scan_##v_stream(FILE *stream, const wchar_t *format, va_list args) __asm__(#v_stream);             \
	EXPORT int scan_##v_stream(FILE *stream, const wchar_t *format, va_list args)                                 \
	{                                                                                                             \
		return scan(stream, real(v_stream), format, args);                                                    \
	}                                                                                                             \
	EXPORT int scan_##v_stdin(const wchar_t *format, va_list args) __asm__(#v_stdin);                             \
	EXPORT int scan_##v_stdin(const wchar_t *format, va_list args)                                                \
	{                                                                                                             \
		return scan(stdin, real(v_stream), format, args);                                                     \
	}                                                                                                             \
	VARIADIC(of_stream, (FILE * stream, const wchar_t *format, ...), format, scan(stream, real(v_stream), format, args)) \
	VARIADIC(of_stdin, (const wchar_t *format, ...), format, scan(stdin, real(v_stream), format, args))

SCANS(fwscanf, wscanf, vfwscanf, vwscanf)
SCANS(__isoc99_fwscanf, __isoc99_wscanf, __isoc99_vfwscanf, __isoc99_vwscanf)
SCANS(__isoc23_fwscanf, __isoc23_wscanf, __isoc23_vfwscanf, __isoc23_vwscanf)
