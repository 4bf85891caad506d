/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls whose buffers the kernel, or libc, reads on its own account.
 *
 * When a buffer is a window, its pages may be out of reach, or be put there while the call waits, and the kernel would answer
 * EFAULT where an access of the program would have been served.  So they are held within reach until it returns.  Many threads in such calls at once
 * may take each other's hold (held.h): who gets EFAULT all the same makes the call again, for it has done nothing yet.
 */
#ifndef BIGFILE_USING_H
#define BIGFILE_USING_H

#include "interpose.h"

#include <limits.h>

#include "buffers.h"
#include "guard.h"

#define USING_TRIES 100

static inline bool using_hold(const struct iovec *iov, int count)
{
	bool any = false;

	for (int i = 0; i < count; i++) {
		if (!in_window(iov[i].iov_base, iov[i].iov_len))
			continue;
		buffers_before_load(iov[i].iov_base, iov[i].iov_len);
		any = true;
	}
	return any;
}

/* Of a list that the program has made, what there is to hold.  The kernel knows how to refuse one that is none. */
static inline int using_count(const struct iovec *iov, size_t count)
{
	bool may = boot_is_active() && view_any() && count <= IOV_MAX && guard_can_read(iov, count * sizeof *iov);

	return may ? (int)count : 0;
}

static inline void using_release(const struct iovec *iov, int count)
{
	int saved = errno;

	for (int i = 0; i < count; i++)
		buffers_after(iov[i].iov_base, iov[i].iov_len);
	errno = saved;
}

/* Makes a call that reads iov. */
#define LOADING(iov, count, call)                                                       \
	bool held_ = using_hold(iov, count);                                            \
	__typeof__(call) result_ = (call);                                              \
	for (int i_ = 0; held_ && i_ < USING_TRIES && result_ == (__typeof__(call))-1 && errno == EFAULT; i_++) { \
		using_release(iov, count);                                              \
		using_hold(iov, count);                                                 \
		result_ = (call);                                                       \
	}                                                                               \
	if (held_)                                                                      \
		using_release(iov, count);                                              \
	return result_

/*
 * What nearly every call is: the descriptor is known to be plain, and the memory is none of ours.  Such a call goes on to libc's
 * with nothing kept for afterwards, so that the two are one call; the way of all others is a function of its own.
 */
static inline bool using_nothing_to_read(int fd, const void *p, size_t n)
{
	return !boot_is_active() || !view_any() || (fds_is_plain(fd) && !view_overlaps((uintptr_t)p, n));
}

static inline bool using_nothing_to_write(int fd, const void *p, size_t n)
{
	return !boot_is_active() || (fds_is_plain(fd) && !view_overlaps((uintptr_t)p, n));
}

#define OTHERWISE static __attribute__((noinline))

#endif
