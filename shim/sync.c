/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See sync.h. */
#include "sync.h"

#include <string.h>

#include "page.h"
#include "submit.h"
#include "sys.h"

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
	struct iocb requests[SUBMIT_AT_ONCE], *pointers[SUBMIT_AT_ONCE];
	struct io_event ended[SUBMIT_AT_ONCE];
	unsigned submitted, left;

	memset(requests, 0, sizeof requests);
	for (unsigned i = 0; i < count; i++) {
		requests[i].aio_lio_opcode = IOCB_CMD_FDSYNC;
		requests[i].aio_fildes = (uint32_t)jobs[i].fd;
		requests[i].aio_data = (uintptr_t)&jobs[i];
		pointers[i] = &requests[i];
		jobs[i].result = -EIO;
	}
	submitted = submit_requests(pointers, count);
	for (left = submitted; left > 0;) {
		int n = submit_await(ended, left);

		if (n < 0)
			break;
		for (int i = 0; i < n; i++)
			((struct sync_job *)(uintptr_t)ended[i].data)->result = (int)ended[i].res;
		left -= (unsigned)n;
	}
	return submitted;
}

void sync_all(struct sync_job *jobs, unsigned count)
{
	unsigned done = 0;

	while (count - done > 1 && submit_is_possible()) {
		unsigned n = together(jobs + done, (unsigned)min_u64(count - done, SUBMIT_AT_ONCE));

		if (n == 0)
			break;
		done += n;
	}
	one_by_one(jobs + done, count - done);
}
