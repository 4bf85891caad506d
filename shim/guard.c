/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See guard.h.  The mask is put back by hand: saving it would cost a system call per page. */
#include "guard.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include "lock.h"

/* The innermost: a fault inside one may be answered by a handler that runs another. */
static __thread sigjmp_buf *volatile way_out __attribute__((tls_model("initial-exec")));

int guard_run(void (*fn)(void *arg), void *arg)
{
	sigjmp_buf here, *const outer = way_out;

	if (sigsetjmp(here, 0)) {
		way_out = outer;
		return -EIO;
	}
	way_out = &here;
	fn(arg);
	way_out = outer;
	return 0;
}

struct copy {
	void *to;
	const void *from;
	size_t length;
};

static void copy_now(void *arg)
{
	const struct copy *c = arg;

	memcpy(c->to, c->from, c->length);
}

int guard_copy(void *to, const void *from, size_t length)
{
	struct copy c = { to, from, length };

	return guard_run(copy_now, &c);
}

bool guard_can_read(uint64_t at)
{
	char byte;

	return !guard_copy(&byte, (const void *)at, 1);
}

void guard_catch(void)
{
	if (!way_out)
		return;
	signals_block();
	siglongjmp(*way_out, 1);
}
