/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much memory the control group of this process may have, of either version of them. */
#ifndef BIGFILE_CGROUP_H
#define BIGFILE_CGROUP_H

#include <stdint.h>

/* Bytes: the least of its own limit and those of the groups it is in.  UINT64_MAX: there is none, or none that can be read. */
uint64_t cgroup_memory_limit(void);

#endif
