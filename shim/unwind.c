/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See unwind.h.  The header names what to look up; nothing is linked.
 *
 * Left to itself libunwind asks, before it reads a word of a stack, whether it is there, by writing it into a pipe that it keeps
 * open.  A program that closes descriptors it does not know, as daemons do, would then find a byte of its stack in a file of its
 * own.  So memory is read under guard, and the pipe closed.  Its cache must not be one for each thread: the
 * loader allocates thread-local memory by malloc when it is first touched, in a signal handler too.
 */
#include "unwind.h"

#ifdef HAVE_LIBUNWIND_H

#define UNW_LOCAL_ONLY
#include <dlfcn.h>
#include <libunwind.h>
#include <stdbool.h>
#include <stddef.h>

#include "guard.h"
#include "sys.h"

#define LIBRARY "libunwind.so.8"
#define NAME_OF_(name) #name
#define NAME_OF(name) NAME_OF_(name)

/* Elsewhere it is a macro with no name to look up. */
#ifdef __x86_64__
static int (*get_context)(unw_tdep_context_t *);
#else
#define get_context(context) unw_getcontext(context)
#endif
static int (*init_local)(unw_cursor_t *, unw_context_t *, int);
static int (*step)(unw_cursor_t *);
static int (*get_reg)(unw_cursor_t *, unw_regnum_t, unw_word_t *);
static int (*is_signal_frame)(unw_cursor_t *);
static int (*set_caching_policy)(unw_addr_space_t, unw_caching_policy_t);
static unw_accessors_t *(*get_accessors)(unw_addr_space_t);
static unw_addr_space_t *local_addr_space;

static const struct wanted {
	const char *name;
	void *to;
} wanted[] = {
#ifdef __x86_64__
	{ NAME_OF(unw_tdep_getcontext), &get_context },
#endif
	{ NAME_OF(unw_init_local2), &init_local },
	{ NAME_OF(unw_step), &step },
	{ NAME_OF(unw_get_reg), &get_reg },
	{ NAME_OF(unw_is_signal_frame), &is_signal_frame },
	{ NAME_OF(unw_set_caching_policy), &set_caching_policy },
	{ NAME_OF(unw_get_accessors), &get_accessors },
	{ NAME_OF(unw_local_addr_space), &local_addr_space },
};

/* A stack that is not as its tables say ends where nothing can be read. */
static int read_memory(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *arg)
{
	if (write)
		return -UNW_EREADONLYREG;
	return guard_copy(value, (const void *)address, sizeof *value) ? -UNW_EINVAL : 0;
}

/* The pair of lowest numbers that a pipe made now would get; libunwind makes one when it is first used. */
static void free_pair(int pair[2])
{
	pair[0] = sys_open("/", O_PATH | O_CLOEXEC, 0);
	pair[1] = sys_open("/", O_PATH | O_CLOEXEC, 0);
	sys_close(pair[0]);
	sys_close(pair[1]);
}

static void close_pipe(const int pair[2])
{
	struct stat a, b;

	if (pair[0] < 0 || pair[1] < 0 || sys_fstat(pair[0], &a) || sys_fstat(pair[1], &b))
		return;
	if (S_ISFIFO(a.st_mode) && a.st_ino == b.st_ino && a.st_dev == b.st_dev) {
		sys_close(pair[0]);
		sys_close(pair[1]);
	}
}

const char *unwind_load(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	uint64_t frame;
	int pair[2];

	if (!library)
		return LIBRARY " cannot be loaded (Debian: libunwind8)";
	for (const struct wanted *w = wanted; w < wanted + sizeof wanted / sizeof *wanted; w++) {
		*(void **)w->to = dlsym(library, w->name);
		if (!*(void **)w->to)
			return LIBRARY " lacks what is needed of it";
	}
	free_pair(pair);
	set_caching_policy(*local_addr_space, UNW_CACHE_GLOBAL);
	unwind_stack(NULL, &frame, 1);
	close_pipe(pair);
	get_accessors(*local_addr_space)->access_mem = read_memory;
	return NULL;
}

static int walk(unw_context_t *context, bool interrupted, uint64_t *frames, int most)
{
	unw_cursor_t cursor;
	unw_word_t ip;
	int n = 0;

	if (init_local(&cursor, context, interrupted ? UNW_INIT_SIGNAL_FRAME : 0))
		return 0;
	do {
		if (get_reg(&cursor, UNW_REG_IP, &ip) || !ip)
			break;
		frames[n++] = interrupted ? ip : ip - 1;
		/* What a signal handler was called in the middle of has not called it. */
		interrupted = is_signal_frame(&cursor) > 0;
	} while (n < most && step(&cursor) > 0);
	return n;
}

int unwind_stack(void *context, uint64_t *frames, int most)
{
	unw_context_t here;

	/* On the machines that Bigfile is built for, libunwind's context is that of signal handlers. */
	if (context)
		return walk(context, true, frames, most);
	return get_context(&here) ? 0 : walk(&here, false, frames, most);
}

#else

const char *unwind_load(void)
{
	return "Bigfile was built without libunwind (Debian: libunwind-dev)";
}

int unwind_stack(void *context, uint64_t *frames, int most)
{
	return 0;
}

#endif
