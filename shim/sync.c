/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See sync.h. */
#include "sync.h"

#include <linux/aio_abi.h>
#include <string.h>

#include "page.h"
#include "sys.h"

#define AT_ONCE 64

static aio_context_t context;
static bool impossible;

void sync_after_fork(void)
{
	context = 0;
}

static bool have_context(void)
{
	if (!context && !impossible)
		impossible = sys_call(SYS_io_setup, AT_ONCE, &context) != 0;
	return !impossible;
}

static void one_by_one(struct sync_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		jobs[i].result = sys_start_writeback(jobs[i].fd, 0, 0);
	for (unsigned i = 0; i < count; i++) {
		int err = sys_fdatasync(jobs[i].fd);

		if (!jobs[i].result)
			jobs[i].result = err;
	}
}

/* Says how many of them it has taken on; those are done when it returns. */
static unsigned together(struct sync_job *jobs, unsigned count)
{
	struct iocb blocks[AT_ONCE], *pointers[AT_ONCE];
	struct io_event events[AT_ONCE];
	long submitted, left;

	memset(blocks, 0, sizeof blocks);
	for (unsigned i = 0; i < count; i++) {
		blocks[i].aio_lio_opcode = IOCB_CMD_FDSYNC;
		blocks[i].aio_fildes = (uint32_t)jobs[i].fd;
		blocks[i].aio_data = (uintptr_t)&jobs[i];
		pointers[i] = &blocks[i];
		jobs[i].result = -EIO;
	}
	submitted = sys_call(SYS_io_submit, context, (long)count, pointers);
	for (left = submitted; left > 0;) {
		long n = sys_call(SYS_io_getevents, context, 1L, left, events, NULL);

		if (n < 0 && n != -EINTR)
			break;
		for (long i = 0; i < n; i++)
			((struct sync_job *)(uintptr_t)events[i].data)->result = (int)events[i].res;
		left -= n > 0 ? n : 0;
	}
	return submitted > 0 ? (unsigned)submitted : 0;
}

void sync_all(struct sync_job *jobs, unsigned count)
{
	unsigned done = 0;

	while (count - done > 1 && have_context()) {
		unsigned n = together(jobs + done, (unsigned)min_u64(count - done, AT_ONCE));

		if (n == 0)
			break;
		done += n;
	}
	one_by_one(jobs + done, count - done);
}
