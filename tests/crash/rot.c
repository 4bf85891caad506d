/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See rot.h. */
#include "rot.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t bytes[1 << 20];

/* The folder's journals in turn, each with the same odds: the name of one, in `name`. */
static bool choose(const char *folder, char *name, size_t size)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	unsigned seen = 0;

	if (!d)
		err(2, "%s", folder);
	while ((e = readdir(d))) {
		if (strstr(e->d_name, ".bigfile-journal") && random() % ++seen == 0)
			snprintf(name, size, "%s/%s", folder, e->d_name);
	}
	closedir(d);
	return seen > 0;
}

bool rot_a_bit(const char *folder, char *text, size_t size)
{
	char name[600];
	size_t at = 0, seen = 0;
	ssize_t length;
	unsigned bit = 1u << random() % 8;
	int fd;

	if (!choose(folder, name, sizeof name))
		return false;
	fd = open(name, O_RDWR);
	length = fd < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);
	for (ssize_t i = 0; i < length; i++) {
		if (bytes[i] && (size_t)random() % ++seen == 0)
			at = (size_t)i;
	}
	if (seen) {
		bytes[at] ^= (uint8_t)bit;
		if (pwrite(fd, bytes + at, 1, (off_t)at) != 1)
			err(2, "%s", name);
		snprintf(text, size, "%s, byte %zu", strrchr(name, '/') + 1, at);
	}
	if (fd >= 0)
		close(fd);
	return seen > 0;
}
