/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What mmap and mremap mean for marked files.
 *
 * Any thread, no lock held.  Each function first says whether the call concerns us: NOT_OURS lets the
 * caller go to the kernel.  Otherwise 0 or -errno, and the call is done.
 */
#ifndef BIGFILE_MAPPING_H
#define BIGFILE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session.h"

int mapping_map(void *addr, size_t length, int prot, int flags, int fd, int64_t offset, void **result);
/* Would a MAP_FIXED mapping of something else hit a view?  Its stores would be lost: said in one line. */
bool mapping_refuses_fixed(void *addr, size_t length);
int mapping_remap(void *old, size_t old_length, size_t new_length, int flags, void **result);

#endif
