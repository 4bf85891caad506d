/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See real.h. */
#include "real.h"

#include "next.h"

#define NAME_SIZE 24
#define X(type, name, args) _Static_assert(sizeof #name <= NAME_SIZE, "longer than NAME_SIZE");
REAL_FUNCTIONS(X)
#undef X

/* Not pointers: each would be relocated at every start. */
static const char names[][NAME_SIZE] = {
#define X(type, name, args) #name,
	REAL_FUNCTIONS(X)
#undef X
};

void *real_found[REAL_COUNT];

void *real_look_up(enum real_index which)
{
	void *p = next_find(names[which]);

	__atomic_store_n(&real_found[which], p, __ATOMIC_RELAXED);
	return p;
}

void real_resolve(void)
{
	if (next_start())
		return;
	for (int i = 0; i < REAL_COUNT; i++)
		real_find((enum real_index)i);
}
