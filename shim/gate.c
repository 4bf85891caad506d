/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See gate.h. */
#include "gate.h"

#include <limits.h>

#include "sys.h"

static uint32_t closed;
static pid_t passing;

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
	while (gate_is_closed())
		sys_futex_wait(&closed, 1, NULL);
}

void gate_pass(void)
{
	passing = sys_gettid();
}

bool gate_is_passed(void)
{
	return passing && passing == sys_gettid();
}
