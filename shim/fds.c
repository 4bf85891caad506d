/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See fds.h. */
#include "fds.h"

uint32_t fds_entries[FDS_KNOWN];
static unsigned highest; /* that something was ever learned of */

void fds_learn(int fd, uint32_t ticket, enum fd_kind kind)
{
	unsigned seen = __atomic_load_n(&highest, __ATOMIC_RELAXED);

	if (fd < 0 || fd >= FDS_KNOWN)
		return;
	while (seen < (unsigned)fd &&
	       !__atomic_compare_exchange_n(&highest, &seen, (unsigned)fd, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	__atomic_compare_exchange_n(&fds_entries[fd], &ticket, (ticket & ~UINT32_C(3)) | (uint32_t)kind, false,
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void fds_forget_range(unsigned first, unsigned last)
{
	unsigned end = __atomic_load_n(&highest, __ATOMIC_RELAXED);

	for (unsigned fd = first; fd <= end && fd <= last; fd++)
		fds_forget((int)fd);
}
