/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See loaders.h. */
#include "loaders.h"

#include <string.h>

#include "gate.h"
#include "proc.h"
#include "sys.h"

#define SEATS 64 /* one more waits for a moment */
#define PAUSE_MS 2000
#define GLANCE_MS 10

static uint32_t seats[SEATS]; /* the numbers of threads between claiming and settling; futexes */
static uint32_t paused;       /* futex */

static bool change(uint32_t *seat, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(seat, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* A child of vfork() that is killed in the midst of it leaves its number behind. */
static void clear_if_gone(uint32_t *seat)
{
	uint32_t tid = __atomic_load_n(seat, __ATOMIC_SEQ_CST);

	if (tid && !proc_thread_runs(tid))
		change(seat, tid, 0);
}

static void sit_down(uint32_t tid)
{
	for (uint32_t i = tid; !change(&seats[i % SEATS], 0, tid); i++) {
		clear_if_gone(&seats[i % SEATS]);
		if (i - tid >= SEATS)
			sys_sleep_ms(1);
	}
}

void loaders_end(void)
{
	uint32_t tid = (uint32_t)sys_gettid(), i = tid;

	while (!change(&seats[i % SEATS], tid, 0))
		i++;
	if (__atomic_load_n(&paused, __ATOMIC_SEQ_CST))
		sys_futex_wake(&seats[i % SEATS], INT32_MAX);
}

void loaders_begin(void)
{
	for (;;) {
		sit_down((uint32_t)sys_gettid());
		if (!__atomic_load_n(&paused, __ATOMIC_SEQ_CST) || gate_is_passed())
			return;
		loaders_end();
		sys_futex_wait(&paused, 1, NULL);
	}
}

bool loaders_pause(void)
{
	uint64_t end = sys_now_ns(CLOCK_MONOTONIC) + PAUSE_MS * UINT64_C(1000000);
	bool any = false;

	__atomic_store_n(&paused, 1, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < SEATS && !any; i++) {
		struct timespec glance = { 0, GLANCE_MS * 1000000 };
		uint32_t tid;

		while ((tid = __atomic_load_n(&seats[i], __ATOMIC_SEQ_CST)) && sys_now_ns(CLOCK_MONOTONIC) < end) {
			if (sys_futex_wait(&seats[i], tid, &glance) == -ETIMEDOUT)
				clear_if_gone(&seats[i]);
		}
		any = tid != 0;
	}
	return !any;
}

void loaders_go_on(void)
{
	__atomic_store_n(&paused, 0, __ATOMIC_SEQ_CST);
	sys_futex_wake(&paused, INT32_MAX);
}

void loaders_after_fork(void)
{
	memset(seats, 0, sizeof seats);
	paused = 0;
}
