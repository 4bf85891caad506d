/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The signal calls, all in terms of sigchain.h; the old ones in terms of sigaction, as libc defines them.
 *
 * libc's own definitions call each other inside libc, where we cannot see it: hence each name.
 */
#include "interpose.h"

#include <string.h>

#include "arena.h"
#include "sigchain.h"

EXPORT int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	if (!boot_is_active())
		return real(sigaction)(sig, act, old);
	return (int)to_errno(sigchain_sigaction(sig, act, old));
}
int __sigaction(int, const struct sigaction *, struct sigaction *) __attribute__((nothrow, leaf));
ALIAS(__sigaction, sigaction);

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return boot_is_active() ? -sigchain_sigmask(how, set, old) : real(pthread_sigmask)(how, set, old);
}

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	if (!boot_is_active())
		return real(sigprocmask)(how, set, old);
	return (int)to_errno(sigchain_sigmask(how, set, old));
}

static sighandler_t set_handler(int sig, sighandler_t handler, int flags)
{
	struct sigaction act, old;

	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	memset(&act, 0, sizeof act);
	act.sa_handler = handler;
	act.sa_flags = flags;
	sigemptyset(&act.sa_mask);
	if (!(flags & SA_NODEFER))
		sigaddset(&act.sa_mask, sig);
	return sigaction(sig, &act, &old) ? SIG_ERR : old.sa_handler;
}

/* What siginterrupt has asked for. */
static sigset_t interrupting;

EXPORT sighandler_t signal(int sig, sighandler_t handler)
{
	if (!boot_is_active())
		return real(signal)(sig, handler);
	return set_handler(sig, handler, sigismember(&interrupting, sig) == 1 ? 0 : SA_RESTART);
}
sighandler_t bsd_signal(int, sighandler_t) __attribute__((nothrow, leaf));
ALIAS(bsd_signal, signal);
ALIAS(ssignal, signal);

EXPORT sighandler_t sysv_signal(int sig, sighandler_t handler)
{
	if (!boot_is_active())
		return real(sysv_signal)(sig, handler);
	return set_handler(sig, handler, SA_RESETHAND | SA_NODEFER);
}
ALIAS(__sysv_signal, sysv_signal);

static int change_one(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	return sigaddset(&set, sig) ? -1 : sigprocmask(how, &set, NULL);
}

EXPORT int sighold(int sig)
{
	return boot_is_active() ? change_one(SIG_BLOCK, sig) : real(sighold)(sig);
}

EXPORT int sigrelse(int sig)
{
	return boot_is_active() ? change_one(SIG_UNBLOCK, sig) : real(sigrelse)(sig);
}

EXPORT int sigignore(int sig)
{
	if (!boot_is_active())
		return real(sigignore)(sig);
	return set_handler(sig, SIG_IGN, 0) == SIG_ERR ? -1 : 0;
}

EXPORT sighandler_t sigset(int sig, sighandler_t handler)
{
	struct sigaction before;
	sigset_t mask;

	if (!boot_is_active())
		return real(sigset)(sig, handler);
	if (sigaction(sig, NULL, &before) || sigprocmask(SIG_BLOCK, NULL, &mask))
		return SIG_ERR;
	if (handler == SIG_HOLD) {
		if (change_one(SIG_BLOCK, sig))
			return SIG_ERR;
	} else if (set_handler(sig, handler, 0) == SIG_ERR || change_one(SIG_UNBLOCK, sig)) {
		return SIG_ERR;
	}
	return sigismember(&mask, sig) == 1 ? SIG_HOLD : before.sa_handler;
}

EXPORT int siginterrupt(int sig, int interrupt)
{
	struct sigaction act;

	if (!boot_is_active())
		return real(siginterrupt)(sig, interrupt);
	if (sigaction(sig, NULL, &act))
		return -1;
	if (interrupt) {
		sigaddset(&interrupting, sig);
		act.sa_flags &= ~SA_RESTART;
	} else {
		sigdelset(&interrupting, sig);
		act.sa_flags |= SA_RESTART;
	}
	return sigaction(sig, &act, NULL);
}

static int old_mask_call(int how, int mask)
{
	unsigned long bits = (unsigned)mask;
	sigset_t set, old;

	sigemptyset(&set);
	memcpy(&set, &bits, sizeof bits);
	if (sigprocmask(how, &set, &old))
		return -1;
	memcpy(&bits, &old, sizeof bits);
	return (int)bits;
}

EXPORT int sigblock(int mask)
{
	return boot_is_active() ? old_mask_call(SIG_BLOCK, mask) : real(sigblock)(mask);
}

EXPORT int sigsetmask(int mask)
{
	return boot_is_active() ? old_mask_call(SIG_SETMASK, mask) : real(sigsetmask)(mask);
}

/*
 * gawk's alternate stack lies in its mapped heap, where a page may be write-protected and the
 * kernel could not put a frame: then it gets one of ours, and the program keeps its belief.
 */
static __thread stack_t believed __attribute__((tls_model("initial-exec")));
static __thread void *lent __attribute__((tls_model("initial-exec")));

EXPORT int sigaltstack(const stack_t *new, stack_t *old)
{
	stack_t given, before;
	void *spare = NULL;

	if (!boot_is_active())
		return real(sigaltstack)(new, old);
	if (new) {
		given = *new;
		if (!(new->ss_flags & SS_DISABLE) && boot_owns_memory(new->ss_sp, new->ss_size))
			spare = arena_alloc(new->ss_size);
		if (spare)
			given.ss_sp = spare;
	}
	if (real(sigaltstack)(new ? &given : NULL, &before)) {
		arena_free(spare, spare ? new->ss_size : 0);
		return -1;
	}
	if (lent && before.ss_sp == lent) {
		believed.ss_flags = before.ss_flags;
		before = believed;
	}
	if (new) {
		if (lent && lent != given.ss_sp)
			arena_free(lent, believed.ss_size);
		lent = spare;
		believed = *new;
	}
	if (old)
		*old = before;
	return 0;
}
