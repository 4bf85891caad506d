/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See sigchain.h.
 *
 * One table entry per signal, changed under a lock that blocks signals; no memory of the program's is touched
 * while it is held, because that could fault and come back here.  Our fault handler is installed with
 * SA_NODEFER and an empty mask: SIGSEGV stays open while the program's own handler runs, so that its stores
 * into windows are served too.  A handler that faults on its own account is therefore entered
 * again, until its stack is used up, where the kernel would have ended the process at once.
 */
#include "sigchain.h"

#include <string.h>

#include "lock.h"
#include "sys.h"

#define SIGNALS 65
#define MASK_OF(sig) (UINT64_C(1) << ((sig)-1))
#define OURS (MASK_OF(SIGSEGV) | MASK_OF(SIGBUS))
/* glibc's own two, which no program may block. */
#define LIBC_OWN (MASK_OF(32) | MASK_OF(33))

enum kind { KIND_OTHER, KIND_CLAIMED, KIND_OFFERED };

static struct entry {
	enum kind kind;
	sigchain_fault_fn fault;
	sigchain_notice_fn on_signal, taken;
	bool ours;             /* offered, and rings for us */
	uint64_t mask_wish;    /* of SIGSEGV and SIGBUS, in the program's sa_mask */
	struct sigaction wish; /* claimed: what the program believes is installed */
} table[SIGNALS];

static struct lock table_lock = LOCK_INIT;
static sigchain_sigaction_fn real_sigaction;
void (*sigchain_on_fatal)(int sig, const siginfo_t *info, void *context);
static pid_t owner;

/* SIGSEGV and SIGBUS that this thread believes blocked, and those of them that arrived by kill meanwhile. */
static __thread uint64_t blocked_wish __attribute__((tls_model("initial-exec")));
static __thread uint64_t held_back __attribute__((tls_model("initial-exec")));

/* The kernel's mask is the first word of libc's. */
static uint64_t get_mask(const sigset_t *set)
{
	uint64_t mask;

	memcpy(&mask, set, sizeof mask);
	return mask;
}

static void put_mask(sigset_t *set, uint64_t mask)
{
	memset(set, 0, sizeof *set);
	memcpy(set, &mask, sizeof mask);
}

void sigchain_start(sigchain_sigaction_fn real)
{
	real_sigaction = real;
	owner = sys_getpid();
}

void sigchain_after_fork(void)
{
	lock_reset(&table_lock);
	owner = sys_getpid();
}

static bool passes_through(int sig)
{
	return sig < 1 || sig >= SIGNALS || owner != sys_getpid();
}

static void send_to_self(int sig)
{
	sys_call(SYS_tgkill, sys_getpid(), sys_gettid(), sig);
}

/* Lets the default happen: the faulting instruction runs again, or the signal comes again. */
static void die_of(int sig, bool synchronous)
{
	struct sigaction act;

	memset(&act, 0, sizeof act);
	act.sa_handler = SIG_DFL;
	real_sigaction(sig, &act, NULL);
	/* A signal that was sent does not come back by itself. */
	if (!synchronous)
		send_to_self(sig);
}

static void call_program(int sig, const struct sigaction *act, siginfo_t *info, void *context)
{
	uint64_t mask = get_mask(&act->sa_mask) & ~OURS;

	/* The kernel puts the mask back when we return. */
	sys_call(SYS_rt_sigprocmask, SIG_BLOCK, &mask, NULL, sizeof mask);
	if (act->sa_flags & SA_SIGINFO)
		act->sa_sigaction(sig, info, context);
	else
		act->sa_handler(sig);
}

static struct sigaction take_wish(int sig)
{
	struct sigaction act;

	lock_take(&table_lock);
	act = table[sig].wish;
	if ((act.sa_flags & SA_RESETHAND) && act.sa_handler != SIG_IGN)
		table[sig].wish.sa_handler = SIG_DFL;
	lock_release(&table_lock);
	return act;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	bool synchronous = info->si_code > 0;
	bool blocked = blocked_wish & MASK_OF(sig), ours;
	int saved = errno;
	struct sigaction act;

	ours = table[sig].fault(sig, info, context);
	errno = saved;
	if (ours)
		return;
	if (blocked && !synchronous) {
		held_back |= MASK_OF(sig);
		return;
	}
	act = take_wish(sig);
	if (act.sa_handler == SIG_DFL || (synchronous && (blocked || act.sa_handler == SIG_IGN))) {
		if (synchronous && sigchain_on_fatal)
			sigchain_on_fatal(sig, info, context);
		die_of(sig, synchronous);
	} else if (act.sa_handler != SIG_IGN)
		call_program(sig, &act, info, context);
}

void sigchain_raise(int sig, siginfo_t *info, void *context)
{
	struct sigaction act = take_wish(sig);

	if (act.sa_handler == SIG_DFL || act.sa_handler == SIG_IGN || (blocked_wish & MASK_OF(sig)))
		die_of(sig, false);
	else
		call_program(sig, &act, info, context);
}

static void on_offered(int sig)
{
	int saved = errno;

	table[sig].on_signal(sig);
	errno = saved;
}

int sigchain_claim(int sig, sigchain_fault_fn fn)
{
	struct entry *e = &table[sig];
	struct sigaction act, before;

	if (e->kind == KIND_CLAIMED)
		return 0;
	memset(&act, 0, sizeof act);
	act.sa_sigaction = on_fault;
	act.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	e->fault = fn;
	if (real_sigaction(sig, NULL, &before))
		return -errno;
	e->wish = before;
	e->kind = KIND_CLAIMED;
	return real_sigaction(sig, &act, NULL) ? -errno : 0;
}

static int install_offered(int sig)
{
	struct sigaction act;

	memset(&act, 0, sizeof act);
	act.sa_handler = on_offered;
	act.sa_flags = SA_RESTART;
	return real_sigaction(sig, &act, NULL) ? -errno : 0;
}

int sigchain_offer(int sig, sigchain_notice_fn on_signal, sigchain_notice_fn taken)
{
	struct entry *e = &table[sig];
	struct sigaction before;

	if (real_sigaction(sig, NULL, &before))
		return -errno;
	e->kind = KIND_OFFERED;
	e->on_signal = on_signal;
	e->taken = taken;
	e->ours = before.sa_handler == SIG_DFL;
	return e->ours ? install_offered(sig) : 0;
}

bool sigchain_is_ours(int sig)
{
	return __atomic_load_n(&table[sig].ours, __ATOMIC_RELAXED);
}

static int claimed_action(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction before;

	lock_take(&table_lock);
	before = table[sig].wish;
	if (act)
		table[sig].wish = *act;
	lock_release(&table_lock);
	*old = before;
	return 0;
}

/* To the kernel, without SIGSEGV and SIGBUS in the mask; what it answers is given them back. */
static int plain_action(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct entry *e = &table[sig];
	struct sigaction stripped;
	uint64_t wish;
	int result;

	if (act) {
		stripped = *act;
		put_mask(&stripped.sa_mask, get_mask(&act->sa_mask) & ~OURS);
	}
	result = real_sigaction(sig, act ? &stripped : NULL, old) ? -errno : 0;
	if (result)
		return result;
	wish = act ? __atomic_exchange_n(&e->mask_wish, get_mask(&act->sa_mask) & OURS, __ATOMIC_RELAXED) :
		     __atomic_load_n(&e->mask_wish, __ATOMIC_RELAXED);
	put_mask(&old->sa_mask, get_mask(&old->sa_mask) | wish);
	return 0;
}

static int offered_action(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct entry *e = &table[sig];
	bool was_ours = e->ours, now_ours = act ? act->sa_handler == SIG_DFL : was_ours;
	int result;

	__atomic_store_n(&e->ours, now_ours, __ATOMIC_RELAXED);
	if (act && now_ours) {
		result = plain_action(sig, NULL, old);
		if (!result)
			result = install_offered(sig);
	} else {
		result = plain_action(sig, act, old);
	}
	if (was_ours) {
		memset(old, 0, sizeof *old);
		old->sa_handler = SIG_DFL;
	}
	if (was_ours && !now_ours && !result && e->taken)
		e->taken(sig);
	return result;
}

int sigchain_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction asked, before;
	int result, saved = errno;

	memset(&before, 0, sizeof before);
	if (act)
		asked = *act;
	act = act ? &asked : NULL;
	if (passes_through(sig))
		result = real_sigaction(sig, act, &before) ? -errno : 0;
	else if (table[sig].kind == KIND_CLAIMED)
		result = claimed_action(sig, act, &before);
	else if (table[sig].kind == KIND_OFFERED)
		result = offered_action(sig, act, &before);
	else
		result = plain_action(sig, act, &before);
	errno = saved;
	if (!result && old)
		*old = before;
	return result;
}

static void deliver_held_back(void)
{
	uint64_t ready = held_back & ~blocked_wish;

	held_back &= blocked_wish;
	if (ready & MASK_OF(SIGSEGV))
		send_to_self(SIGSEGV);
	if (ready & MASK_OF(SIGBUS))
		send_to_self(SIGBUS);
}

int sigchain_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	uint64_t asked = set ? get_mask(set) & ~LIBC_OWN : 0, before = 0, wish = blocked_wish;
	bool strips = owner == sys_getpid() && how != SIG_UNBLOCK;
	uint64_t mask = strips ? asked & ~OURS : asked;
	int result = (int)sys_call(SYS_rt_sigprocmask, how, set ? &mask : NULL, &before, sizeof mask);

	if (result)
		return result;
	if (set && owner == sys_getpid()) {
		if (how == SIG_BLOCK)
			blocked_wish |= asked & OURS;
		else if (how == SIG_UNBLOCK)
			blocked_wish &= ~asked;
		else
			blocked_wish = asked & OURS;
		if (held_back)
			deliver_held_back();
	}
	if (old)
		put_mask(old, before | wish);
	return 0;
}
