/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room for a path, for the length of one function, in memory of ours instead of on the stack.
 *
 * open, rename, unlink, write and their like may be called in a signal handler, whose stack is often no more than 8 KiB; libc's own need some
 * hundred bytes of it.  When all rooms are taken, as by many threads at a time, it is the stack after all.
 *
 * Async-signal-safe, any thread, no lock.  Who is thrown out of its call (longjmp, cancellation) leaves a room behind.
 */
#ifndef BIGFILE_PATHROOM_H
#define BIGFILE_PATHROOM_H

#include <alloca.h>
#include <limits.h>

/* Declares `name`, PATH_MAX bytes with anything in them.  Not in a loop. */
#define PATH_ROOM(name) char *name __attribute__((cleanup(path_room_give))) = path_room_take() ?: alloca(PATH_MAX)

/* NULL: none is left. */
char *path_room_take(void);
void path_room_give(char **room);

#endif
