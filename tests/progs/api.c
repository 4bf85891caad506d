/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a program that says itself when its data is whole, by include/bigfile.h.  Prints what it sees.
 *
 *   api FILE WORD...
 *     set:OFFSET:CHAR  get:OFFSET  commit  abort  status  truncate:SIZE
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bigfile.h"

static int status(void)
{
	struct bigfile_status s;
	int result = bigfile_status(&s);

	printf("active %u files %lu dirty %lu resized %lu tracker %s\n", s.active, s.files, s.dirty_pages, s.resized_files,
	       s.tracker[0] ? s.tracker : "none");
	return result;
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR);
	char *map = mmap(NULL, 20000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), c;
	unsigned long at;

	if (map == MAP_FAILED)
		return perror(argv[1]), 1;
	for (char **word = argv + 2; *word; word++) {
		int result = 0;

		if (sscanf(*word, "set:%lu:%c", &at, &c) == 2)
			map[at] = c;
		else if (sscanf(*word, "get:%lu", &at) == 1)
			printf("%c\n", map[at]);
		else if (sscanf(*word, "truncate:%lu", &at) == 1)
			result = ftruncate(fd, (off_t)at);
		else if (!strcmp(*word, "commit"))
			result = bigfile_commit();
		else if (!strcmp(*word, "abort"))
			result = bigfile_abort();
		else if (!strcmp(*word, "status"))
			result = status();
		else
			return 2;
		if (result)
			perror(*word);
	}
	fflush(stdout);
	_exit(3);
}
