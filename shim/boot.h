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

/*
 * Are there marked files to look after?  Starts the engine's books at the first question, which may come
 * before our constructor has run: constructors of the program's own libraries come first.  One load after that.
 */
bool boot_is_active(void);

/* Does [p, p + n) overlap a view? */
bool boot_owns_memory(const void *p, size_t n);

#endif
