/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See parking.h. */
#include "parking.h"

#include <stdbool.h>
#include <sys/resource.h>

#include "sys.h"

#define SMALL 100 /* below it nothing is full */

/* As the kernel has them on all 64-bit machines. */
static int exchange(const struct rlimit *set, struct rlimit *before)
{
	return (int)sys_call(SYS_prlimit64, 0, RLIMIT_NOFILE, set, before);
}

static bool is_same(const struct rlimit *a, const struct rlimit *b)
{
	return a->rlim_cur == b->rlim_cur && a->rlim_max == b->rlim_max;
}

int parking_put(int fd)
{
	struct rlimit limit, high, after;
	int parked;

	if (fd < SMALL || exchange(NULL, &limit) || (rlim_t)fd < limit.rlim_cur / 2 || (rlim_t)fd >= limit.rlim_cur ||
	    limit.rlim_cur >= limit.rlim_max)
		return fd;
	high = (struct rlimit){ limit.rlim_max, limit.rlim_max };
	if (exchange(&high, &limit))
		return fd;
	parked = sys_fcntl(fd, F_DUPFD_CLOEXEC, (long)limit.rlim_cur);
	/* The program may have changed it just now: that is what stays. */
	if (!exchange(&limit, &after) && !is_same(&after, &high))
		exchange(&after, NULL);
	if (parked < 0)
		return fd;
	sys_close(fd);
	return parked;
}
