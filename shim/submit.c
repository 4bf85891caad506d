/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See submit.h. */
#include "submit.h"

#include "sys.h"

static aio_context_t context;
static bool impossible;

void submit_after_fork(void)
{
	context = 0;
}

/* A sandbox may let requests be made, and not let anybody hear how they ended. */
static bool can_be_heard(void)
{
	static const struct timespec now;
	struct io_event none;

	if (sys_call(SYS_io_getevents, context, 0L, 1L, &none, &now) >= 0)
		return true;
	sys_call(SYS_io_destroy, context);
	context = 0;
	return false;
}

bool submit_is_possible(void)
{
	if (!context && !impossible)
		impossible = sys_call(SYS_io_setup, SUBMIT_AT_ONCE, &context) != 0 || !can_be_heard();
	return !impossible;
}

unsigned submit_requests(struct iocb **requests, unsigned count)
{
	long n = sys_call(SYS_io_submit, context, (long)count, requests);

	return n > 0 ? (unsigned)n : 0;
}

int submit_await(struct io_event *ended, unsigned most)
{
	long n = -EINTR;

	while (n == -EINTR && !impossible)
		n = sys_call(SYS_io_getevents, context, 1L, (long)most, ended, NULL);
	/* What is still under way shall not end for somebody who comes later. */
	impossible |= n <= 0;
	return n > 0 ? (int)n : -EIO;
}
