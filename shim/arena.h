/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's memory: small zeroed blocks cut from anonymous mappings of our own.
 *
 * malloc is out of bounds here: it may be the program's, its locks may be held by
 * the caller, its heap may even lie in a marked file (gawk).  Blocks are handed out
 * by power-of-two size class and go back to the class they came from; whole mappings
 * are never returned.  Thread-safe, not for signal handlers.
 */
#ifndef BIGFILE_ARENA_H
#define BIGFILE_ARENA_H

#include <stddef.h>

/* NULL when the kernel has no memory for us. */
void *arena_alloc(size_t size);
/* size is the one that was asked for.  NULL is fine. */
void arena_free(void *block, size_t size);
char *arena_strdup(const char *s);

/* In the child of fork: another thread of the parent may have held the lock. */
void arena_after_fork(void);

#endif
