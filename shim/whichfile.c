/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See whichfile.h. */
#include "whichfile.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "fmt.h"
#include "log.h"
#include "sys.h"

static bool is_known(int fd, struct stat *st)
{
	struct statx known;

	if (sys_call(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &known))
		return false;
	memset(st, 0, sizeof *st);
	st->st_dev = makedev(known.stx_dev_major, known.stx_dev_minor);
	st->st_ino = known.stx_ino;
	st->st_mode = known.stx_mode;
	st->st_nlink = known.stx_nlink;
	return true;
}

int whichfile_status(int fd, struct stat *st)
{
	int err = sys_fstat(fd, st);

	/* Cut off from its servers: it is still the file that it was, and its view knows the rest. */
	return err && err != -EBADF && is_known(fd, st) ? 0 : err;
}

/* A network file system calls a name deleted that it had to look up again. */
static void name_that_stayed(char *path, const struct stat *st)
{
	static const char deleted[] = " (deleted)";
	size_t n = strlen(path), length = sizeof deleted - 1;
	struct stat named;

	if (n <= length || strcmp(path + n - length, deleted))
		return;
	path[n - length] = '\0';
	if (sys_lstat(path, &named) || named.st_dev != st->st_dev || named.st_ino != st->st_ino)
		path[n - length] = ' ';
}

int whichfile_name(int fd, const struct stat *st, char *path)
{
	char link[64];
	ssize_t n;

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", fd);
	n = sys_readlink(link, path, PATH_MAX - 1);
	if (n < 0) {
		log_error("descriptor %d: it cannot be told whether its file is marked: %s: %e; /proc is needed", fd, link, (int)n);
		return (int)n;
	}
	path[n] = '\0';
	name_that_stayed(path, st);
	return 0;
}
