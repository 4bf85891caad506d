/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See spare.h. */
#include "spare.h"

#include "sys.h"

static int spare = -1;

void spare_start(void)
{
	spare = -1;
	spare_hold();
}

void spare_lend(void)
{
	if (spare >= 0)
		sys_close(spare);
	spare = -1;
}

void spare_hold(void)
{
	if (spare < 0)
		spare = sys_open("/", O_PATH | O_CLOEXEC, 0);
}
