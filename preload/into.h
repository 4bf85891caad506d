/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that have the kernel, or libc, store into memory of the program's choice, where that is a window.
 *
 * A page of it may be out of reach or write-protected, now or by the time that there is something to store: a commit comes at any
 * moment, and who waits for a message waits through many.  The kernel then answers EFAULT - and what it has taken from the
 * socket, the terminal, the event descriptor by then is gone; no second call gets it.  So the call is made with private memory, and what
 * came is copied to where the program wants it by ordinary stores, which wait as the program's own do.
 *
 * Memory that is no window costs a comparison.  Signals, errno, cancellation: the call is made as the program made it, and what it
 * answers is the answer.
 */
#ifndef BIGFILE_INTO_H
#define BIGFILE_INTO_H

#include "interpose.h"

#include <sys/socket.h>
#include <sys/uio.h>

#define INTO_MOST ((size_t)0x7ffff000) /* as the kernel: a call moves no more */

/* A call, without its memory. */
struct source {
	/* Makes it for up to n bytes, of which `done` came before.  As read(2): errno is set with -1. */
	ssize_t (*get)(const struct source *s, void *to, size_t n, size_t done);
	int fd;
	int flags;
	bool may_skip; /* it may count bytes that it has left as they were */
	off_t offset;  /* -1: where the descriptor is */
	void *more;
};

/* Is any part of iov a window?  Either may be anything: the kernel knows how to refuse it. */
bool into_windows(const struct iovec *iov, int count);

/* Or of messages, or of what is told beside them? */
bool into_message(const struct msghdr *msg);
bool into_messages(const struct mmsghdr *list, unsigned count);

/*
 * Makes the call, and stores to iov what came.  `once`: what a call takes it takes for good, as from a socket; so it is made once, for all of
 * iov.  Otherwise, for a file, in pieces up to the first that is short.  Where the program may not store to iov at all, the kernel is left to say so.
 */
ssize_t into_from(const struct source *s, const struct iovec *iov, int count, bool once);

/* As read(2) on s->fd: it may be a file or anything. */
ssize_t into_from_any(const struct source *s, const struct iovec *iov, int count);

/*
 * A call that may be made once more, and that fails while p points to a window: the n bytes there are made storable, and it is made again - until
 * no commit comes in between.
 */
#define INTO_AGAIN(p, n, call)                                                                                            \
	({                                                                                                                \
		__typeof__(call) again_ = (call);                                                                         \
		for (int i_ = 0; i_ < INTO_TRIES && again_ == -1 && errno == EFAULT && into_opens(p, n); i_++)            \
			again_ = (call);                                                                                  \
		again_;                                                                                                   \
	})
#define INTO_TRIES 100
bool into_opens(const void *p, size_t n);

/*
 * A call that may be made once only, or that takes what is there first: `at` stands for p in it.  It is p, or, where p points to a window, memory of
 * ours with the same in it; what the call has changed there is stored to p unless it has failed.  n: how much of *p it uses; 0: nobody knows.
 */
#define INTO_ONCE_OF(p, n, at, call)                                                                                      \
	({                                                                                                                \
		__typeof__(*(p)) own_##at, before_##at;                                                                   \
		__typeof__(p) at = in_window(p, n) ? into_own(p, &own_##at, &before_##at, n) : (p);                       \
		__typeof__(call) done_##at = (call);                                                                      \
		at == (p) || done_##at == -1 || into_changed(p, at, &before_##at, n) ? done_##at : -1;                    \
	})
#define INTO_ONCE(p, at, call) INTO_ONCE_OF(p, sizeof *(p), at, call)
/* Own, with what is at p, as before; p, where that cannot be read. */
void *into_own(void *p, void *own, void *before, size_t n);
/* As into_store; where nothing has changed nothing is stored. */
bool into_changed(void *p, const void *own, const void *before, size_t n);

/* Is what a call tells at p in a window, or the length of it?  Either may be no memory at all, which the kernel knows how to refuse. */
bool into_is_told(const void *p, const socklen_t *length);
/* *length; 0 where it cannot be read. */
socklen_t into_room(const socklen_t *length);

/* Stores what a call has told beside its result.  False, with errno: that is not possible. */
bool into_store(void *to, const void *from, size_t n);

#endif
