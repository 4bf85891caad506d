/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks of blocks that are mostly zeros, put into memory and mounted by a loop device that goes when it is unmounted.  Needs root. */
#ifndef CRASH_IMAGE_H
#define CRASH_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_BLOCK ((size_t)4096)

struct image {
	size_t blocks;
	uint8_t **block; /* NULL: zeros */
};

void image_read(struct image *i, const char *path, size_t size);
/* NULL bytes: zeros. */
void image_write(struct image *i, size_t offset, const uint8_t *bytes, size_t length);
/* A file in memory with its content; the caller closes it. */
int image_put(const struct image *i);
/* 0, or -errno. */
int image_mount(int fd, size_t size, const char *type, const char *folder);
int image_unmount(const char *folder);

#endif
