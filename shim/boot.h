/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Start-up: the one place that knows the order of initialisation.
 *
 * A process that names no files stays inert: boot_is_active() is false and every interposed call passes straight
 * through.
 */
#ifndef BIGFILE_BOOT_H
#define BIGFILE_BOOT_H

#include <stdbool.h>
#include <stddef.h>

enum boot_state {
	BOOT_UNKNOWN,
	BOOT_STARTING, /* by one thread; what others do meanwhile passes through */
	BOOT_INERT,    /* no marked files */
	BOOT_ACTIVE,
};

extern enum boot_state boot_state;

/* What boot_is_active does at the first question. */
bool boot_start(void);

/*
 * Are there marked files to look after?  Starts the engine's books at the first question, which may come
 * before our constructor has run: constructors of the program's own libraries come first.  One load after that.
 */
static inline bool boot_is_active(void)
{
	enum boot_state now = __atomic_load_n(&boot_state, __ATOMIC_ACQUIRE);

	return now == BOOT_ACTIVE || (now == BOOT_UNKNOWN && boot_start());
}

/* Does [p, p + n) overlap a view? */
bool boot_owns_memory(const void *p, size_t n);

#endif
