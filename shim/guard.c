/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See guard.h.  The mask is put back by hand: saving it would cost a system call per page. */
#include "guard.h"

#include <errno.h>
#include <setjmp.h>

#include "lock.h"

static __thread volatile bool inside __attribute__((tls_model("initial-exec")));
static __thread sigjmp_buf way_out __attribute__((tls_model("initial-exec")));

int guard_run(void (*fn)(void *arg), void *arg)
{
	if (sigsetjmp(way_out, 0)) {
		inside = false;
		return -EIO;
	}
	inside = true;
	fn(arg);
	inside = false;
	return 0;
}

void guard_catch(void)
{
	if (!inside)
		return;
	signals_block();
	siglongjmp(way_out, 1);
}
