/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What mmap and its relatives mean for marked files.
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
/* munmap of a range that may hold windows and other things: what is not ours is really unmapped. */
int mapping_unmap(void *addr, size_t length);
int mapping_remap(void *old, size_t old_length, size_t new_length, int flags, void **result);
int mapping_protect(void *addr, size_t length, int prot);
int mapping_advise(void *addr, size_t length, int advice);
int mapping_sync(void *addr, size_t length, int flags);

/*
 * The kernel is about to store into [p, p + length): waits until the gate is open and makes the
 * pages of windows there storable.  Cheap when no view is near.
 */
void mapping_before_kernel_store(const void *p, size_t length);

#endif
