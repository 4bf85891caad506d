/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: writes wide characters to a file by every function that there is for it, reads them again, and prints what it has seen.
 *
 *	LC_ALL=C.UTF-8 wide FILE
 *
 * Its output, and the file, are the same whether the file is marked or not.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

static FILE *f;

static int print(const wchar_t *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfwprintf(f, format, args);
	va_end(args);
	return n;
}

static void see(const char *what, long result)
{
	printf("%s: %ld%s%s\n", what, result, ferror(f) ? ", error" : "", feof(f) ? ", end" : "");
}

static void write_all(const char *path)
{
	f = fopen(path, "w");
	see("fwide", fwide(f, 1));
	see("fputwc", (long)fputwc(L'ä', f));
	see("putwc", (long)putwc(L'€', f));
	see("putwc_unlocked", (long)putwc_unlocked(L'\n', f));
	see("fputws", fputws(L"Zeile mit \x1F600 und ß\n", f));
	see("fwprintf", fwprintf(f, L"%d Stück, %ls, %s\n", 17, L"größer", "klein"));
	see("vfwprintf", print(L"%*d|%-6ls|\n", 12, 5, L"ö"));
	printf("fclose: %d\n", fclose(f));
}

static void read_all(const char *path)
{
	wchar_t line[64], small[4];
	wint_t c;

	f = fopen(path, "r");
	see("fgetwc", (long)fgetwc(f));
	c = getwc(f);
	see("getwc", (long)c);
	see("ungetwc", (long)ungetwc(c, f));
	see("again", (long)getwc_unlocked(f));
	see("ungetwc of none", (long)ungetwc(WEOF, f));
	see("fgetws", fgetws(line, 64, f) ? (long)wcslen(line) : -1);
	see("fgetws", fgetws(line, 64, f) ? (long)wcslen(line) : -1);
	see("is it", wcscmp(line, L"Zeile mit \x1F600 und ß\n"));
	see("fgetws, small", fgetws(small, 4, f) ? (long)wcslen(small) : -1);
	see("fgetws, 1", fgetws(small, 1, f) ? (long)wcslen(small) : -1);
	while (fgetws(line, 64, f))
		see("fgetws", (long)wcslen(line));
	see("at the end", (long)fgetwc(f));
	printf("fclose: %d\n", fclose(f));
}

/* Bytes that are no character, and one that the end has cut. */
static void read_broken(const char *path)
{
	f = fopen(path, "w");
	fwrite("a\xff" "b\xe2\x82", 1, 5, f);
	fclose(f);
	f = fopen(path, "r");
	see("a", (long)fgetwc(f));
	errno = 0;
	see("no character", (long)fgetwc(f));
	printf("%s\n", strerror(errno));
	clearerr(f);
	printf("fclose: %d\n", fclose(f));
	f = fopen(path, "r");
	fseek(f, 2, SEEK_SET);
	see("b", (long)fgetwc(f));
	errno = 0;
	see("cut", (long)fgetwc(f));
	printf("%s\n", strerror(errno));
	fclose(f);
}

/* An error of earlier does not spoil what is read later. */
static void read_after_error(const char *path)
{
	wchar_t line[64];

	f = fopen(path, "w");
	fputs("line\nlast", f);
	fclose(f);
	f = fopen(path, "r");
	see("fputwc", (long)fputwc(L'x', f));
	see("fgetws", fgetws(line, 64, f) ? (long)wcslen(line) : -1);
	see("fgetws", fgetws(line, 64, f) ? (long)wcslen(line) : -1);
	see("at the end", fgetws(line, 64, f) ? (long)wcslen(line) : -1);
	fclose(f);
}

int main(int argc, char **argv)
{
	if (argc != 2 || !setlocale(LC_ALL, ""))
		return 2;
	write_all(argv[1]);
	read_all(argv[1]);
	read_after_error(argv[1]);
	read_broken(argv[1]);
	return 0;
}
