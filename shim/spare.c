/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See spare.h. */
#include "spare.h"

#include "sys.h"

/* A journal that takes the place of another, and its folder or what its header tells of, at the same time. */
#define SPARE 2

static int spare[SPARE] = { -1, -1 };

void spare_start(void)
{
	for (int i = 0; i < SPARE; i++)
		spare[i] = -1;
	spare_hold();
}

void spare_lend(void)
{
	for (int i = 0; i < SPARE; i++) {
		if (spare[i] >= 0)
			sys_close(spare[i]);
		spare[i] = -1;
	}
}

void spare_hold(void)
{
	for (int i = 0; i < SPARE; i++) {
		if (spare[i] < 0)
			spare[i] = sys_open("/", O_PATH | O_CLOEXEC, 0);
	}
}
