/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a program with a variable of its own that is called environ, as some have that forget `extern`: libc does not fill it.
 * Executes PROGRAM by its path, or, without a slash in it, looks for it.
 *
 *	ownenviron PROGRAM
 */
#include <string.h>
#include <unistd.h>

char **environ;

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (strchr(argv[1], '/'))
		execv(argv[1], argv + 1);
	else
		execvp(argv[1], argv + 1);
	return 1;
}
