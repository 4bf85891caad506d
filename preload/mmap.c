/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mmap, munmap, mremap, mprotect, madvise, process_madvise, msync.
 *
 * An allocator that was preloaded too comes here with its locks held, before our constructor and
 * for every block: anonymous memory takes the shortest way out.
 */
#include "into.h"

#include <limits.h>
#include <stdarg.h>

#include "kernel.h"
#include "mapping.h"
#include "windowcalls.h"

EXPORT void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	void *result;
	int err;

	if (!boot_is_active())
		return real(mmap)(addr, length, prot, flags, fd, offset);
	err = mapping_map(addr, length, prot, flags, fd, offset, &result);
	if (err == NOT_OURS) {
		if (!(flags & MAP_FIXED) || !mapping_refuses_fixed(addr, length))
			return real(mmap)(addr, length, prot, flags, fd, offset);
		err = -ENOMEM;
	}
	return to_errno(err) < 0 ? MAP_FAILED : result;
}
ALIAS(mmap64, mmap);

EXPORT int munmap(void *addr, size_t length)
{
	int err = boot_is_active() ? windowcalls_unmap(addr, length) : NOT_OURS;

	return err == NOT_OURS ? real(munmap)(addr, length) : (int)to_errno(err);
}

EXPORT void *mremap(void *old, size_t old_length, size_t new_length, int flags, ...)
{
	void *new_addr = NULL, *result;
	va_list args;
	int err;

	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		va_start(args, flags);
		new_addr = va_arg(args, void *);
		va_end(args);
	}
	err = boot_is_active() ? mapping_remap(old, old_length, new_length, flags, &result) :
				 NOT_OURS;
	if (err == NOT_OURS)
		return real(mremap)(old, old_length, new_length, flags, new_addr);
	return to_errno(err) < 0 ? MAP_FAILED : result;
}

EXPORT int mprotect(void *addr, size_t length, int prot)
{
	int err = boot_is_active() ? windowcalls_protect(addr, length, prot) : NOT_OURS;

	return err == NOT_OURS ? real(mprotect)(addr, length, prot) : (int)to_errno(err);
}

/* A window takes the protection and no key: keys would be lost with the next change of ours. */
EXPORT int pkey_mprotect(void *addr, size_t length, int prot, int key)
{
	int err = boot_is_active() ? windowcalls_protect(addr, length, prot) : NOT_OURS;

	return err == NOT_OURS ? real(pkey_mprotect)(addr, length, prot, key) : (int)to_errno(err);
}

EXPORT int madvise(void *addr, size_t length, int advice)
{
	int err = boot_is_active() ? windowcalls_advise(addr, length, advice) : NOT_OURS;

	return err == NOT_OURS ? real(madvise)(addr, length, advice) : (int)to_errno(err);
}

static bool loses_nothing(int advice)
{
	return advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_WILLNEED || advice == MADV_COLLAPSE;
}

/* Until lately the kernel took no other advice in this way, nor does it for another process. */
EXPORT ssize_t process_madvise(int pidfd, const struct iovec *iov, size_t count, int advice, unsigned flags)
{
	if (!loses_nothing(advice) && count <= IOV_MAX && into_windows(iov, (int)count))
		return to_errno(-EINVAL);
	return real(process_madvise)(pidfd, iov, count, advice, flags);
}

EXPORT int msync(void *addr, size_t length, int flags)
{
	int err = boot_is_active() ? windowcalls_sync(addr, length, flags) : NOT_OURS;

	return err == NOT_OURS ? real(msync)(addr, length, flags) : (int)to_errno(err);
}
