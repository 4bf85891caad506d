/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which addresses are reserved by which view.
 *
 * Looking up takes no lock and is async-signal-safe: the table is sorted, and who changes it makes `sequence` odd meanwhile.
 * Changing needs the session lock, and touches no page of a view.
 */
#ifndef BIGFILE_ADDRESSES_H
#define BIGFILE_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "page.h"

struct view;

/* As many as the kernel allows memory areas, by default. */
#define ADDRESSES 65536

/* Between these lie all that are reserved. */
extern struct range addresses_bounds;

/* -ENFILE: the table is full. */
int addresses_add(struct range at, struct view *v);
/* What begins at start reaches up to end now. */
void addresses_grow(uint64_t start, uint64_t end);
void addresses_remove(uint64_t start);

/*
 * The first that meets `at`, its part in *inside; NULL: none.  *sequence is for addresses_changed, which tells whether
 * the answer may be outdated.
 */
struct view *addresses_first_in(struct range at, struct range *inside, uint32_t *sequence);
bool addresses_changed(uint32_t sequence);

bool addresses_really_overlap(uintptr_t at, size_t length);

static inline bool addresses_overlap(uintptr_t at, size_t length)
{
	return at < __atomic_load_n(&addresses_bounds.end, __ATOMIC_ACQUIRE) &&
	       at + length > __atomic_load_n(&addresses_bounds.start, __ATOMIC_ACQUIRE) && addresses_really_overlap(at, length);
}

#endif
