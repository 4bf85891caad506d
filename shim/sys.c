/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two system calls that may do half of what they were asked. */
#include "sys.h"

int sys_pwrite_all(int fd, const void *buf, size_t n, uint64_t off)
{
	const char *p = buf;

	while (n > 0) {
		ssize_t done = sys_pwrite(fd, p, n, off);

		if (done == -EINTR)
			continue;
		if (done < 0)
			return (int)done;
		if (done == 0)
			return -ENOSPC;
		p += done;
		off += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

/* The end of the file before n bytes is -ENODATA. */
int sys_pread_all(int fd, void *buf, size_t n, uint64_t off)
{
	char *p = buf;

	while (n > 0) {
		ssize_t done = sys_pread(fd, p, n, off);

		if (done == -EINTR)
			continue;
		if (done < 0)
			return (int)done;
		if (done == 0)
			return -ENODATA;
		p += done;
		off += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}
