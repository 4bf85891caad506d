/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: reopens streams on FILE, also on other files, by freopen, and prints what it reads by characters of both widths.
 *
 *	LC_ALL=C.UTF-8 reopen FILE OTHER
 *
 * Its output, and the files, are the same whether FILE is marked or not.  stdin is on FILE, too.
 */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <wchar.h>

static FILE *f;

static void again(const char *path, const char *mode)
{
	int number = fileno(f);
	FILE *same = freopen(path, mode, f);

	printf("%s: %s, %s\n", mode, same == f ? "same" : "another", same && fileno(same) == number ? "same number" : "another number");
}

static void see(void)
{
	wchar_t text[64];

	printf("%ls\n", fgetws(text, 64, f) ? text : L"nothing");
}

int main(int argc, char **argv)
{
	if (argc != 3 || !setlocale(LC_ALL, ""))
		return 2;
	f = fopen(argv[1], "r");
	printf("%c\n", getc(f));
	again(argv[2], "r");
	see();
	again(argv[2], "w");
	printf("%d\n", fputws(L"gr\xf6\xdf" L"er\n", f) >= 0 && !fflush(f));
	again(argv[2], "a");
	printf("%d %d\n", fputs("more\n", f) >= 0, getc(f));
	again(argv[2], "r+e");
	printf("%d\n", fcntl(fileno(f), F_GETFD));
	see();
	again(NULL, "r");
	see();
	while (getc(f) != EOF)
		;
	again(argv[2], "r");
	printf("%d\n", feof(f) || ferror(f));
	printf("%s\n", freopen("/none/such", "r", f) ? "there" : "none");
	f = stdin;
	printf("%c\n", getc(f));
	again(argv[2], "r");
	f = stdin;
	see();
	return 0;
}
