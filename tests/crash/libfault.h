/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libfault.c tells who started it. */
#ifndef LIBFAULT_H
#define LIBFAULT_H

#include <stdint.h>

#define FAULT_FD 99
#define FAULT_CALLS 512

struct fault_counts {
	uint32_t fired;
	uint32_t calls[FAULT_CALLS]; /* by number */
};

#endif
