/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals that the engine needs while the program believes that it owns them.
 *
 * Two kinds:
 *  - claimed (SIGSEGV, SIGBUS): our handler always runs first.  What the program installs
 *    is recorded, reported back to it, and run by us - with its mask and flags - when the
 *    signal was not ours.  These two are never really blocked: the wish to block them is
 *    remembered per thread and reported back.
 *  - offered (the commit and abort signals): ours only as long as the program leaves the
 *    disposition at SIG_DFL.  When the program installs something, it is the program's from
 *    then on, until it sets SIG_DFL again.
 *
 * All functions: 0 or -errno, errno kept, async-signal-safe, no locks but a spin on an
 * atomic table entry with signals blocked.  They are the bodies of the interposed calls;
 * before sigchain_start they pass straight through to the kernel.
 */
#ifndef BIGFILE_SIGCHAIN_H
#define BIGFILE_SIGCHAIN_H

#include <signal.h>
#include <stdbool.h>

/* Returns true when the fault was ours and the instruction may be run again. */
typedef bool (*sigchain_fault_fn)(int sig, siginfo_t *info, void *context);
typedef void (*sigchain_notice_fn)(int sig);

/* libc's own sigaction: the raw call would need libc's restorer.  Set before anything else. */
typedef int (*sigchain_sigaction_fn)(int, const struct sigaction *, struct sigaction *);
void sigchain_start(sigchain_sigaction_fn real);

/* Makes sig claimed: what is installed now becomes the program's wish.  Idempotent. */
int sigchain_claim(int sig, sigchain_fault_fn fn);

/* Called before the process is left to die of a claimed signal that came from a fault. */
extern void (*sigchain_on_fatal)(int sig, const siginfo_t *info, void *context);

/* In the handler of one of them: the program is to see this fault, as sig, which comes from nowhere else. */
void sigchain_raise(int sig, siginfo_t *info, void *context);

/*
 * Makes sig offered: on_signal runs in the handler (SA_RESTART), taken is called, outside
 * of any handler, whenever the program takes the signal.  If something else than
 * SIG_DFL is installed already it is the program's at once.
 */
int sigchain_offer(int sig, sigchain_notice_fn on_signal, sigchain_notice_fn taken);
/* True while an offered signal rings for us. */
bool sigchain_is_ours(int sig);

/* In the child of fork; a vforked child, which shares our memory but not our signals, passes through. */
void sigchain_after_fork(void);

/* The interposed calls. */
int sigchain_sigaction(int sig, const struct sigaction *act, struct sigaction *old);
/* how, set, old as for pthread_sigmask; either pointer may be NULL. */
int sigchain_sigmask(int how, const sigset_t *set, sigset_t *old);

#endif
