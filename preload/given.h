/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a call is given by address: a path, an address of a socket, an option, a time, a set of signals.
 *
 * Where that is a window the page may not be within reach, and the kernel answers EFAULT where the program's own access would have been
 * served; so does the engine, when it looks a name up.  Such things are small: the call gets a copy of it, on the stack of who calls, for
 * which nothing is to be held, given back or tried again.  Large ones are held instead (using.h).
 *
 * Memory that is no window costs a comparison.  What cannot be read, or is too large, is passed on as it is: the kernel knows how to refuse it.
 * The copy is there until the function returns that has asked for it: not in a loop.
 */
#ifndef BIGFILE_GIVEN_H
#define BIGFILE_GIVEN_H

#include "interpose.h"

#include <alloca.h>
#include <limits.h>
#include <signal.h>

#define GIVEN_MOST 4096
#define GIVEN_COMMAND_MOST ((size_t)131072) /* the longest word that exec takes */

/* A path, or a name of another kind.  One that is too long is so for the kernel, too. */
#define GIVEN_TEXT(p)                                                                       \
	({                                                                                  \
		size_t room_ = in_window(p, 1) ? given_room(p, PATH_MAX) : 0;               \
		room_ ? (const char *)given_copy(p, alloca(room_), room_ - 1) : (p);        \
	})

/* One thing, and several: n bytes. */
#define GIVEN(p) GIVEN_BYTES(p, sizeof *(p))
#define GIVEN_BYTES(p, n) (given_is_small(p, n) ? (__typeof__(p))given_copy(p, alloca((n) + 1), n) : (p))

/* What a call that waits has blocked meanwhile.  As with sigprocmask, SIGSEGV and SIGBUS are not: handlers that run then may store to a window. */
#define GIVEN_MASK(p) given_mask(p, &(sigset_t){ { 0 } })

/*
 * A list of words for exec, and the words; a command.  Threads have small stacks: a copy that is not short lies in `held`, which is given back
 * when the function returns.  An exec in the child of vfork, which does not, leaves it behind.
 */
#define GIVEN_HELD __attribute__((cleanup(given_let_go))) void
#define GIVEN_WORDS(list, held)                                                                    \
	({                                                                                         \
		size_t room_ = given_words_room(list);                                             \
		void *own_ = GIVEN_ROOM(room_, held);                                              \
		own_ ? given_words(list, own_, room_) : (list);                                    \
	})
#define GIVEN_COMMAND(p, held)                                                                     \
	({                                                                                         \
		size_t room_ = in_window(p, 1) ? given_room(p, GIVEN_COMMAND_MOST) : 0;            \
		void *own_ = GIVEN_ROOM(room_, held);                                              \
		own_ ? (const char *)given_copy(p, own_, room_ - 1) : (p);                         \
	})
#define GIVEN_ROOM(room, held) ((room) > GIVEN_MOST ? ((held) = given_take(room)) : (room) ? alloca(room) : NULL)

/* How much a copy of that text needs, its end included; it is cut behind `most`.  0: it cannot be read. */
size_t given_room(const char *text, size_t most);
/* n bytes, and a zero behind them. */
void *given_copy(const void *p, void *own, size_t n);

/* NULL: no memory. */
void *given_take(size_t room);
void given_let_go(void *held);

/* *own, without these two; what cannot be read is passed on. */
const sigset_t *given_mask(const sigset_t *mask, sigset_t *own);

/* 0: no part of it is a window, or it is more than exec takes. */
size_t given_words_room(char *const *list);
char *const *given_words(char *const *list, void *own, size_t room);

/* In a window, there to be read, and no more than is copied. */
bool given_is_readable(const void *p, size_t n);
static inline bool given_is_small(const void *p, size_t n)
{
	return in_window(p, n) && n <= GIVEN_MOST && given_is_readable(p, n);
}

#endif
