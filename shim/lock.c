/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See lock.h.  Masks are the kernel's 64-bit ones: libc's are ours to interpose. */
#include "lock.h"

#include <signal.h>

#include "sys.h"

#define PASS_NS 100000
#define MASK_OF(sig) (UINT64_C(1) << ((sig)-1))

static uint64_t set_mask(int how, uint64_t mask)
{
	uint64_t before = 0;

	sys_call(SYS_rt_sigprocmask, how, &mask, &before, sizeof mask);
	return before;
}

/* By which libc has every thread take part when one calls setuid() and its like, and waits for all of them. */
#define LIBC_SETXID 33

static __thread bool stay_blocked __attribute__((tls_model("initial-exec")));

void signals_stay_blocked(void)
{
	stay_blocked = true;
}

uint64_t signals_block(void)
{
	return stay_blocked ? 0 : set_mask(SIG_SETMASK, ~(MASK_OF(SIGSEGV) | MASK_OF(SIGBUS) | MASK_OF(LIBC_SETXID)));
}

void signals_restore(uint64_t mask)
{
	if (!stay_blocked)
		set_mask(SIG_SETMASK, mask);
}

void lock_take_blocked(struct lock *l)
{
	uint32_t expected = 0;

	if (__atomic_compare_exchange_n(&l->word, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
		sys_futex_wait(&l->word, 2, NULL);
}

void lock_release_blocked(struct lock *l)
{
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
		sys_futex_wake(&l->word, 1);
}

bool lock_is_wanted(const struct lock *l)
{
	return __atomic_load_n(&l->word, __ATOMIC_RELAXED) == 2;
}

void lock_take(struct lock *l)
{
	uint64_t mask = signals_block();

	lock_take_blocked(l);
	l->saved_mask = mask;
}

void lock_release(struct lock *l)
{
	uint64_t mask = l->saved_mask;

	lock_release_blocked(l);
	signals_restore(mask);
}

/*
 * Who has been woken needs a moment, in which we would have taken it again.  Where many want a CPU it may need a hundred times as long: who
 * yielded until then would come to nothing.
 */
void lock_pass(struct lock *l)
{
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2) {
		uint64_t end = sys_now_ns(CLOCK_MONOTONIC) + PASS_NS;

		sys_futex_wake(&l->word, 1);
		while (!__atomic_load_n(&l->word, __ATOMIC_RELAXED) && sys_now_ns(CLOCK_MONOTONIC) < end)
			sys_call(SYS_sched_yield);
	}
	lock_take_blocked(l);
}

void lock_reset(struct lock *l)
{
	l->word = 0;
}
