/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls whose buffers the kernel, or libc, uses on its own account.
 *
 * When a buffer is a window, its pages may be out of reach or write-protected, or the gate closed, and the kernel would answer
 * EFAULT where an access of the program would have waited.  So the pages are prepared first, and released after it; and when
 * the gate closed in between and EFAULT came all the same, the call is made again - it has done nothing yet.
 */
#ifndef BIGFILE_USING_H
#define BIGFILE_USING_H

#include "interpose.h"

#include "buffers.h"
#include "view.h"

#define USING_TRIES 100

static inline bool using_prepare(const struct iovec *iov, int count, bool stores, bool refused)
{
	bool any = false;

	for (int i = 0; i < count; i++) {
		if (!view_overlaps((uintptr_t)iov[i].iov_base, iov[i].iov_len))
			continue;
		if (stores && refused)
			buffers_refused_store(iov[i].iov_base, iov[i].iov_len);
		else if (stores)
			buffers_before_store(iov[i].iov_base, iov[i].iov_len);
		else
			buffers_before_load(iov[i].iov_base, iov[i].iov_len);
		any = true;
	}
	return any;
}

static inline void using_release(const struct iovec *iov, int count)
{
	int saved = errno;

	for (int i = 0; i < count && buffers_may_be_absent(); i++)
		buffers_after(iov[i].iov_base, iov[i].iov_len);
	errno = saved;
}

/* Makes the call with the buffers of iov prepared, if `concerned`. */
#define USING(concerned, iov, count, stores, call)                                      \
	bool prepared_ = (concerned) && using_prepare(iov, count, stores, false);       \
	__typeof__(call) result_ = (call);                                              \
	for (int i_ = 0; prepared_ && i_ < USING_TRIES && result_ == (__typeof__(call))-1 && errno == EFAULT; i_++) { \
		using_release(iov, count);                                              \
		using_prepare(iov, count, stores, true);                                \
		result_ = (call);                                                       \
	}                                                                               \
	if (prepared_)                                                                  \
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

static inline bool using_nothing_to_write(int fd)
{
	return !boot_is_active() || (fds_is_plain(fd) && !buffers_may_be_absent());
}

#define OTHERWISE static __attribute__((noinline))

/* Calls that store into iov, and calls that read it. */
#define STORING(iov, count, call) USING(boot_is_active() && view_any(), iov, count, true, call)
#define LOADING(iov, count, call) USING(buffers_may_be_absent(), iov, count, false, call)

#endif
