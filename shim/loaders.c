/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See loaders.h. */
#include "loaders.h"

#include "gate.h"
#include "sys.h"

#define PAUSE_MS 2000
#define GLANCE_MS 10

static uint32_t loaders; /* threads between claiming and settling; futex */
static uint32_t paused;  /* futex */

void loaders_end(void)
{
	if (!__atomic_sub_fetch(&loaders, 1, __ATOMIC_SEQ_CST) && __atomic_load_n(&paused, __ATOMIC_SEQ_CST))
		sys_futex_wake(&loaders, INT32_MAX);
}

void loaders_begin(void)
{
	for (;;) {
		__atomic_add_fetch(&loaders, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&paused, __ATOMIC_SEQ_CST) || gate_is_passed())
			return;
		loaders_end();
		sys_futex_wait(&paused, 1, NULL);
	}
}

bool loaders_pause(void)
{
	uint64_t end = sys_now_ns(CLOCK_MONOTONIC) + PAUSE_MS * UINT64_C(1000000);
	uint32_t n;

	__atomic_store_n(&paused, 1, __ATOMIC_SEQ_CST);
	while ((n = __atomic_load_n(&loaders, __ATOMIC_SEQ_CST)) && sys_now_ns(CLOCK_MONOTONIC) < end) {
		struct timespec glance = { 0, GLANCE_MS * 1000000 };

		sys_futex_wait(&loaders, n, &glance);
	}
	return !n;
}

void loaders_go_on(void)
{
	__atomic_store_n(&paused, 0, __ATOMIC_SEQ_CST);
	sys_futex_wake(&paused, INT32_MAX);
}

void loaders_after_fork(void)
{
	loaders = paused = 0;
}
