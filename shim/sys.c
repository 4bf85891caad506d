/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two system calls that may do half of what they were asked, and one whose errors come nowhere else. */
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

static int write_back(int fd, uint64_t off, uint64_t n, unsigned flags)
{
	int err = (int)sys_call(SYS_sync_file_range, fd, off, n, flags);

	switch (err) {
	/* A kernel, a file system or a sandbox that does not do it: it may as well wait. */
	case -ENOSYS:
	case -EOPNOTSUPP:
	case -EINVAL:
	case -ESPIPE:
	case -EPERM:
	case -EACCES:
		return 0;
	}
	return err;
}

int sys_start_writeback(int fd, uint64_t off, uint64_t n)
{
	return write_back(fd, off, n, SYNC_FILE_RANGE_WRITE);
}

int sys_finish_writeback(int fd, uint64_t off, uint64_t n)
{
	return write_back(fd, off, n, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}

void sys_drop_cache(int fd, uint64_t off, uint64_t n)
{
	sys_call(SYS_fadvise64, fd, off, n, POSIX_FADV_DONTNEED);
}
