/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See userfault.h. */
#include "userfault.h"

#include "kernel.h"
#include "sys.h"

static int uffd = -1;

int userfault_open(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_WP_ASYNC };
	int err, fd = (int)sys_call(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);

	if (fd < 0)
		return fd;
	err = sys_ioctl(fd, UFFDIO_API, &api);
	if (err) {
		sys_close(fd);
		return err;
	}
	uffd = fd;
	return 0;
}

int userfault_register(struct range at)
{
	struct uffdio_register r = { .range = { at.start, at.end - at.start },
				     .mode = UFFDIO_REGISTER_MODE_WP };

	return sys_ioctl(uffd, UFFDIO_REGISTER, &r);
}

int userfault_unregister(struct range at)
{
	struct uffdio_range r = { at.start, at.end - at.start };

	return sys_ioctl(uffd, UFFDIO_UNREGISTER, &r);
}

static int set_protection(struct range at, uint64_t mode)
{
	struct uffdio_writeprotect w = { .range = { at.start, at.end - at.start }, .mode = mode };

	return sys_ioctl(uffd, UFFDIO_WRITEPROTECT, &w);
}

int userfault_protect(struct range at)
{
	return set_protection(at, UFFDIO_WRITEPROTECT_MODE_WP);
}

int userfault_unprotect(struct range at)
{
	return set_protection(at, 0);
}

void userfault_close(void)
{
	sys_close(uffd);
	uffd = -1;
}
