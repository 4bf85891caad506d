/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See real.h. */
#include "real.h"

#include <dlfcn.h>

static const char *const names[] = {
#define X(type, name, args) #name,
	REAL_FUNCTIONS(X)
#undef X
};

static void *found[REAL_COUNT];

void *real_find(enum real_index which)
{
	void *p = __atomic_load_n(&found[which], __ATOMIC_RELAXED);

	if (!p) {
		p = dlsym(RTLD_NEXT, names[which]);
		__atomic_store_n(&found[which], p, __ATOMIC_RELAXED);
	}
	return p;
}

void real_resolve(void)
{
	for (int i = 0; i < REAL_COUNT; i++)
		real_find((enum real_index)i);
}
