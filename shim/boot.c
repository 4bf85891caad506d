/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See boot.h.  Order: configuration, marks, signal chain, control signals.  Everything else waits for the
 * first marked file: a process that maps none gets no thread, no descriptor and no handler but these.
 */
#include "boot.h"

#include "config.h"
#include "control.h"
#include "log.h"
#include "marks.h"
#include "next.h"
#include "session.h"
#include "sigchain.h"
#include "sys.h"

enum boot_state boot_state;

bool boot_owns_memory(const void *p, size_t n)
{
	return view_overlaps((uintptr_t)p, n);
}

static void on_commit_signal(int sig)
{
	control_request(CONTROL_COMMIT);
}

static void on_abort_signal(int sig)
{
	control_request(CONTROL_ABORT);
}

static void on_signal_taken(int sig)
{
	log_info("signal %d is the program's own now: use bigfile %s %d, or another signal (bigfile(7))", sig,
		 sig == config.commit_signal ? "commit" : "abort", sys_getpid());
}

static bool any_is_relative(const char *patterns)
{
	char before = ':';

	for (; *patterns; before = *patterns++) {
		if (before == ':' && *patterns != '/' && *patterns != ':')
			return true;
	}
	return false;
}

/* Not inlined: the buffer would push what others need at every start to fresh pages of the stack. */
__attribute__((noinline)) static int load_relative(void)
{
	char cwd[4096];

	if (sys_call(SYS_getcwd, cwd, sizeof cwd) < 0)
		cwd[0] = '\0';
	return marks_load(config.paths, cwd);
}

static int load_marks(void)
{
	log_start();
	config_load();
	if (!config.paths)
		return -ENOENT;
	return any_is_relative(config.paths) ? load_relative() : marks_load(config.paths, "/");
}

static void start(void)
{
	enum boot_state expected = BOOT_UNKNOWN;
	int err;

	/* A program's .preinit_array runs before libc has an environment: a sanitizer's runtime maps its memory there. */
	if (!environ)
		return;
	if (!__atomic_compare_exchange_n(&boot_state, &expected, BOOT_STARTING, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return;
	err = load_marks();
	if (err && err != -ENOENT) {
		/* Without its marks the process would go on without transactions: the next call tries again. */
		log_error("BIGFILE_PATHS: %e: tried again with the next call", err);
		__atomic_store_n(&boot_state, BOOT_UNKNOWN, __ATOMIC_RELEASE);
		return;
	}
	if (err || !marks_any()) {
		__atomic_store_n(&boot_state, BOOT_INERT, __ATOMIC_RELEASE);
		return;
	}
	session_start();
	sigchain_start((sigchain_sigaction_fn)next_find("sigaction"));
	if (config.commit_signal)
		sigchain_offer(config.commit_signal, on_commit_signal, on_signal_taken);
	if (config.abort_signal)
		sigchain_offer(config.abort_signal, on_abort_signal, on_signal_taken);
	__atomic_store_n(&boot_state, BOOT_ACTIVE, __ATOMIC_RELEASE);
}

bool boot_start(void)
{
	start();
	return __atomic_load_n(&boot_state, __ATOMIC_ACQUIRE) == BOOT_ACTIVE;
}
