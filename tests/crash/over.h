/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIGTERM, which waits until what has begun is done, so that what was tried until then counts. */
#ifndef CRASH_OVER_H
#define CRASH_OVER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* how: SIG_BLOCK; SIG_UNBLOCK in a child before its exec. */
static inline void over_hold(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(how, &set, NULL);
}

static inline bool is_over(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGTERM);
}

#endif
