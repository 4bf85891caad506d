/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See fds.h. */
#include "fds.h"

uint32_t fds_entries[FDS_KNOWN];
static unsigned highest; /* that a ticket was ever taken for: above it there is nothing to forget */

uint32_t fds_ticket(int fd)
{
	unsigned seen = __atomic_load_n(&highest, __ATOMIC_RELAXED);

	if (fd < 0 || fd >= FDS_KNOWN)
		return 0;
	while (seen < (unsigned)fd &&
	       !__atomic_compare_exchange_n(&highest, &seen, (unsigned)fd, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	return __atomic_load_n(&fds_entries[fd], __ATOMIC_SEQ_CST);
}

void fds_learn(int fd, uint32_t ticket, enum fd_kind kind)
{
	if (fd >= 0 && fd < FDS_KNOWN)
		__atomic_compare_exchange_n(&fds_entries[fd], &ticket, (ticket & ~UINT32_C(3)) | (uint32_t)kind, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void fds_forget_range(unsigned first, unsigned last)
{
	unsigned end = __atomic_load_n(&highest, __ATOMIC_SEQ_CST);

	for (unsigned fd = first; fd <= end && fd <= last; fd++)
		fds_forget((int)fd);
}
