/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See pathroom.h. */
#include "pathroom.h"

#include <stddef.h>
#include <stdint.h>

#define ROOMS 64
#define BIT(i) (UINT64_C(1) << (i))

static char rooms[ROOMS][PATH_MAX];
static uint64_t taken;

char *path_room_take(void)
{
	uint64_t seen;

	while (~(seen = __atomic_load_n(&taken, __ATOMIC_RELAXED))) {
		int i = __builtin_ctzll(~seen);

		if (!(__atomic_fetch_or(&taken, BIT(i), __ATOMIC_ACQUIRE) & BIT(i)))
			return rooms[i];
	}
	return NULL;
}

void path_room_give(char **room)
{
	uintptr_t at = (uintptr_t)*room - (uintptr_t)rooms;

	if (at < sizeof rooms)
		__atomic_fetch_and(&taken, ~BIT(at / PATH_MAX), __ATOMIC_RELEASE);
}
