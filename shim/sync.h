/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making several files durable at the same time, so that their disks, and the flushes of one disk, work side by side.
 *
 * By the kernel's asynchronous I/O, which needs no thread of ours; where a sandbox forbids that, by write-back begun for all
 * before the first is waited for.  Engine thread.
 */
#ifndef BIGFILE_SYNC_H
#define BIGFILE_SYNC_H

struct sync_job {
	int fd;
	int result; /* of fdatasync: 0 or -errno */
};

void sync_all(struct sync_job *jobs, unsigned count);

#endif
