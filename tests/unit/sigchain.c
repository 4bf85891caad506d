/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The signal chain: what the program installs is reported, kept and run; what is ours is served; deaths are the right
 * ones.  "The view" is a page that the fault function opens.  Cases that die or change much run in a child.
 */
#include "sigchain.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char *view, *hole;
static volatile int served, handled, rung, taken;
static sigjmp_buf back;

static bool serve_view(int sig, siginfo_t *info, void *context)
{
	char *at = info->si_addr;

	errno = EBADF; /* as system calls do */
	if (sig != SIGSEGV || at < view || at >= view + 4096)
		return false;
	mprotect(view, 4096, PROT_READ | PROT_WRITE);
	served++;
	return true;
}

static bool store_is_served(void)
{
	int before = served;

	mprotect(view, 4096, PROT_READ);
	*(volatile char *)view = 'x';
	return served == before + 1;
}

static void on_fault(int sig)
{
	handled++;
	siglongjmp(back, 1);
}

static void on_fault_store(int sig)
{
	handled += store_is_served();
	siglongjmp(back, 1);
}

static void on_plain(int sig)
{
	handled++;
}

static void note_rung(int sig)
{
	rung++;
}

static void note_taken(int sig)
{
	taken++;
}

static int install(int sig, void (*handler)(int), int flags, struct sigaction *old)
{
	struct sigaction act;

	memset(&act, 0, sizeof act);
	act.sa_handler = handler;
	act.sa_flags = flags;
	sigfillset(&act.sa_mask);
	return sigchain_sigaction(sig, &act, old);
}

static void mask(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigchain_sigmask(how, &set, NULL);
}

static bool looks_blocked(int sig)
{
	sigset_t now;

	sigchain_sigmask(SIG_BLOCK, NULL, &now);
	return sigismember(&now, sig);
}

/* The signal that a child dies of, or minus its exit status. */
static int in_child(void (*fn)(void))
{
	struct rlimit no_core = { 0, 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		alarm(10);
		sigchain_after_fork();
		fn();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void fault(void)
{
	*(volatile char *)hole = 1;
}

static void fault_with_handler_once(void)
{
	install(SIGSEGV, on_fault, SA_RESETHAND, NULL);
	if (!sigsetjmp(back, 1))
		fault();
	fault();
}

static void fault_ignored(void)
{
	install(SIGSEGV, SIG_IGN, 0, NULL);
	fault();
}

static void fault_blocked(void)
{
	install(SIGSEGV, on_fault, 0, NULL);
	mask(SIG_BLOCK, SIGSEGV);
	fault();
}

static void killed(void)
{
	install(SIGSEGV, SIG_DFL, 0, NULL);
	kill(getpid(), SIGSEGV);
	pause();
}

static void killed_ignored(void)
{
	install(SIGSEGV, SIG_IGN, 0, NULL);
	kill(getpid(), SIGSEGV);
}

static void killed_blocked(void)
{
	handled = 0;
	install(SIGSEGV, on_plain, 0, NULL);
	mask(SIG_BLOCK, SIGSEGV);
	kill(getpid(), SIGSEGV);
	if (handled)
		_exit(1);
	mask(SIG_UNBLOCK, SIGSEGV);
	_exit(handled == 1 ? 0 : 2);
}

static void vforked(void)
{
	struct sigaction now;

	install(SIGSEGV, on_fault, 0, NULL);
	if (vfork() == 0) {
		install(SIGSEGV, SIG_DFL, 0, NULL);
		mask(SIG_BLOCK, SIGSEGV);
		_exit(0);
	}
	sigchain_sigaction(SIGSEGV, NULL, &now);
	_exit(now.sa_handler == on_fault && !looks_blocked(SIGSEGV) ? 0 : 1);
}

static void claimed(void)
{
	struct sigaction old;

	is_int(sigchain_claim(SIGSEGV, serve_view), 0, "claimed");
	errno = ERANGE;
	ok(store_is_served() && errno == ERANGE, "a store into the view is served, errno is kept");
	install(SIGSEGV, on_fault, SA_ONSTACK, &old);
	ok(old.sa_handler == SIG_DFL, "the old action looks like the default");
	sigchain_sigaction(SIGSEGV, NULL, &old);
	ok(old.sa_handler == on_fault && (old.sa_flags & SA_ONSTACK) && sigismember(&old.sa_mask, SIGTERM),
	   "the new one is reported as it was given");
	ok(store_is_served() && !handled, "the view is still served");
	if (!sigsetjmp(back, 1))
		fault();
	is_int(handled, 1, "another fault is the program's");
	install(SIGSEGV, on_fault_store, 0, NULL);
	if (!sigsetjmp(back, 1))
		fault();
	is_int(handled, 2, "the view is served inside its handler");
	mask(SIG_BLOCK, SIGSEGV);
	ok(looks_blocked(SIGSEGV) && store_is_served(), "blocked, it looks so and is served all the same");
	mask(SIG_UNBLOCK, SIGSEGV);
	ok(!looks_blocked(SIGSEGV), "unblocked, it looks so");
	install(SIGSEGV, SIG_DFL, 0, NULL);
	is_int(in_child(fault), SIGSEGV, "with the default a fault is death");
	is_int(in_child(fault_with_handler_once), SIGSEGV, "with SA_RESETHAND the second one is");
	is_int(in_child(fault_ignored), SIGSEGV, "and when it is ignored");
	is_int(in_child(fault_blocked), SIGSEGV, "and when it is blocked");
	is_int(in_child(killed), SIGSEGV, "a signal that is sent kills by default");
	is_int(in_child(killed_ignored), 0, "not when it is ignored");
	is_int(in_child(killed_blocked), 0, "and waits while it is blocked");
	is_int(in_child(vforked), 0, "a vforked child changes nothing here");
}

static void others(void)
{
	struct sigaction old;

	install(SIGALRM, on_plain, 0, NULL);
	sigchain_sigaction(SIGALRM, NULL, &old);
	ok(sigismember(&old.sa_mask, SIGSEGV), "a mask with SIGSEGV is reported as given");
	is_int(sigchain_sigaction(4711, NULL, &old), -EINVAL, "no such signal");
	is_int(install(SIGKILL, on_plain, 0, NULL), -EINVAL, "one that cannot be handled");
}

static void offered(void)
{
	struct sigaction old;

	is_int(sigchain_offer(SIGUSR1, note_rung, note_taken), 0, "offered");
	raise(SIGUSR1);
	ok(rung == 1 && sigchain_is_ours(SIGUSR1), "it rings");
	handled = 0;
	install(SIGUSR1, on_plain, 0, &old);
	ok(old.sa_handler == SIG_DFL && taken == 1 && !sigchain_is_ours(SIGUSR1), "the program takes it, unaware");
	raise(SIGUSR1);
	ok(rung == 1 && handled == 1, "then it is the program's");
	install(SIGUSR1, SIG_DFL, 0, &old);
	raise(SIGUSR1);
	ok(old.sa_handler == on_plain && rung == 2, "given back, it rings again");
	install(SIGUSR1, SIG_IGN, 0, NULL);
	raise(SIGUSR1);
	ok(rung == 2 && taken == 2, "to ignore it is to take it");
	install(SIGUSR2, on_plain, 0, NULL);
	sigchain_offer(SIGUSR2, note_rung, note_taken);
	ok(!sigchain_is_ours(SIGUSR2), "what the program had before stays the program's");
}

int main(void)
{
	plan(27);
	view = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	hole = view + 4096;
	mprotect(hole, 4096, PROT_READ);
	sigchain_start(sigaction);
	claimed();
	others();
	offered();
	return done();
}
