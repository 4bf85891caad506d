/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See gate.h. */
#include "gate.h"

#include <limits.h>

#include "sys.h"

static uint32_t closed; /* 0: open.  Otherwise it counts how often those who wait were told to look again */
static __thread pid_t passing __attribute__((tls_model("initial-exec"))); /* a forked child has another number */

void gate_close(void)
{
	__atomic_store_n(&closed, 1, __ATOMIC_SEQ_CST);
}

void gate_open(void)
{
	__atomic_store_n(&closed, 0, __ATOMIC_SEQ_CST);
	sys_futex_wake(&closed, INT_MAX);
}

bool gate_is_closed(void)
{
	return __atomic_load_n(&closed, __ATOMIC_SEQ_CST) != 0;
}

void gate_wait(void)
{
	uint32_t turn;

	while ((turn = gate_turn()))
		gate_wait_turn(turn);
}

uint32_t gate_turn(void)
{
	return __atomic_load_n(&closed, __ATOMIC_SEQ_CST);
}

void gate_wait_turn(uint32_t turn)
{
	while (gate_turn() == turn)
		sys_futex_wait(&closed, turn, NULL);
}

void gate_look_again(void)
{
	__atomic_add_fetch(&closed, 1, __ATOMIC_SEQ_CST);
	sys_futex_wake(&closed, INT_MAX);
}

void gate_pass(void)
{
	passing = sys_gettid();
}

bool gate_is_passed(void)
{
	return passing && passing == sys_gettid();
}
