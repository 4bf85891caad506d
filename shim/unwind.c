/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See unwind.h.  The header names what to look up; nothing is linked. */
#include "unwind.h"

#ifdef HAVE_LIBUNWIND_H

#define UNW_LOCAL_ONLY
#include <dlfcn.h>
#include <libunwind.h>
#include <stdbool.h>
#include <stddef.h>

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

const char *unwind_load(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return LIBRARY " cannot be loaded (Debian: libunwind8)";
#ifdef __x86_64__
	*(void **)&get_context = dlsym(library, NAME_OF(unw_tdep_getcontext));
	if (!get_context)
		return LIBRARY " lacks what is needed of it";
#endif
	*(void **)&init_local = dlsym(library, NAME_OF(unw_init_local2));
	*(void **)&step = dlsym(library, NAME_OF(unw_step));
	*(void **)&get_reg = dlsym(library, NAME_OF(unw_get_reg));
	*(void **)&is_signal_frame = dlsym(library, NAME_OF(unw_is_signal_frame));
	if (init_local && step && get_reg && is_signal_frame)
		return NULL;
	init_local = NULL;
	return LIBRARY " lacks what is needed of it";
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

	if (!init_local)
		return 0;
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
