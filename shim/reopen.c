/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See reopen.h. */
#include "reopen.h"

#include <stdbool.h>

#include "fmt.h"
#include "sys.h"

/* Another process may do the same, and take the right away again before we have used it. */
#define TRIES 5

static bool lacks_the_right(int fd, struct stat *st)
{
	return !sys_fstat(fd, st) && S_ISREG(st->st_mode) && st->st_uid == geteuid() && !(st->st_mode & S_IWUSR);
}

/* place: a descriptor of the file, opened with O_PATH. */
static int open_with_right(int place, int flags)
{
	char link[64];
	struct stat st;
	int fd;

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", place);
	fd = sys_open(link, flags & ~O_NOFOLLOW, 0);
	if (fd != -EACCES || !lacks_the_right(place, &st) || sys_call(SYS_fchmodat, AT_FDCWD, link, (st.st_mode & 07777) | S_IWUSR))
		return fd;
	fd = sys_open(link, flags & ~O_NOFOLLOW, 0);
	sys_call(SYS_fchmodat, AT_FDCWD, link, st.st_mode & 07777);
	return fd;
}

int reopen(const char *path, int flags)
{
	int fd = sys_open(path, flags, 0), place;

	if (fd != -EACCES || (flags & O_ACCMODE) == O_RDONLY)
		return fd;
	place = sys_open(path, O_PATH | O_CLOEXEC | (flags & O_NOFOLLOW), 0);
	if (place < 0)
		return fd;
	for (int i = 0; i < TRIES && fd == -EACCES; i++)
		fd = open_with_right(place, flags);
	sys_close(place);
	return fd;
}
