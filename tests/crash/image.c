/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See image.h. */
#include "image.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

static bool is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && !memcmp(p, p + 1, n - 1));
}

void image_write(struct image *i, size_t offset, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		uint8_t **b = &i->block[offset / IMAGE_BLOCK];
		size_t at = offset % IMAGE_BLOCK, n = IMAGE_BLOCK - at;

		if (n > length)
			n = length;
		if (!*b && bytes && !is_zero(bytes, n))
			*b = calloc(1, IMAGE_BLOCK);
		if (*b && bytes)
			memcpy(*b + at, bytes, n);
		else if (*b)
			memset(*b + at, 0, n);
		bytes = bytes ? bytes + n : NULL;
		offset += n;
		length -= n;
	}
}

void image_read(struct image *i, const char *path, size_t size)
{
	static uint8_t piece[IMAGE_BLOCK];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t at = 0;

	if (fd < 0)
		err(3, "%s", path);
	i->blocks = size / IMAGE_BLOCK;
	i->block = calloc(i->blocks, sizeof *i->block);
	while ((at = lseek(fd, at, SEEK_DATA)) >= 0 && (size_t)at < size) {
		if (pread(fd, piece, IMAGE_BLOCK, at) != (ssize_t)IMAGE_BLOCK)
			err(3, "%s", path);
		image_write(i, (size_t)at, piece, IMAGE_BLOCK);
		at += (off_t)IMAGE_BLOCK;
	}
	close(fd);
}

int image_put(const struct image *i)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)(i->blocks * IMAGE_BLOCK)))
		err(3, "memfd");
	for (size_t b = 0; b < i->blocks; b++) {
		if (i->block[b] && pwrite(fd, i->block[b], IMAGE_BLOCK, (off_t)(b * IMAGE_BLOCK)) != (ssize_t)IMAGE_BLOCK)
			err(3, "memfd");
	}
	return fd;
}

/* Others take and free loop devices too. */
static int attach_loop(int fd, size_t size, char *path, size_t room)
{
	struct loop_config c = { .fd = (uint32_t)fd, .info = { .lo_flags = LO_FLAGS_AUTOCLEAR, .lo_sizelimit = size } };
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), result = -EBUSY;

	if (control < 0)
		return -errno;
	for (int tries = 0; tries < 100 && result < 0; tries++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE), loop;

		snprintf(path, room, "/dev/loop%d", number);
		loop = number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
		if (loop < 0 || ioctl(loop, LOOP_CONFIGURE, &c)) {
			result = -errno;
			if (loop >= 0)
				close(loop);
			usleep(2000);
			continue;
		}
		result = loop;
	}
	close(control);
	return result;
}

int image_mount(int fd, size_t size, const char *type, const char *folder)
{
	char path[64];
	int loop = attach_loop(fd, size, path, sizeof path), result;

	if (loop < 0)
		return loop;
	result = mount(path, folder, type, 0, !strcmp(type, "xfs") ? "nouuid" : NULL) ? -errno : 0;
	close(loop);
	return result;
}

int image_unmount(const char *folder)
{
	for (int tries = 0; tries < 500; tries++) {
		if (!umount2(folder, 0))
			return 0;
		if (errno != EBUSY)
			break;
		usleep(2000);
	}
	return -errno;
}
