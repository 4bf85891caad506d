/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing much to one file: past the page cache (O_DIRECT), several pieces at a time. Whoever writes this way does not wait for the disk as long as that
 * keeps up, and has no memory of the page cache made for what nobody will read.
 *
 * Requests that are under way outlive the process that has made them; they keep the open file, with its lock (OFD), until they end. So this is for
 * files that nobody else writes to before he has that lock.
 *
 * Engine thread; nothing else is submitted meanwhile (submit.h). Pieces are all of the same size, a multiple of a page, as are offsets. 0 or -errno.
 */
#ifndef BIGFILE_DIRECT_H
#define BIGFILE_DIRECT_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIRECT_AT_ONCE 3

struct direct_part {
	struct direct *owner; /* of those for other files the ends come the same way */
	struct iocb request;
	uint8_t *piece;       /* NULL: not needed yet */
	bool busy;
};

/* It stays where it is while anything is under way. */
struct direct {
	struct direct_part parts[DIRECT_AT_ONCE];
	size_t size;     /* of a piece, in bytes */
	int error;       /* the first one; then no more is written */
	bool impossible; /* for this file */
};

bool direct_is_possible(const struct direct *d);

/*
 * Begins to write a piece (from arena_alloc), within the file's size. It belongs to d then, and *piece is another one. -ENOTSUP: not this file, or
 * not now; nothing has been done, and it is to be written as ever. Other errors: of an earlier one, or of this one.
 */
int direct_write(struct direct *d, int fd, uint8_t **piece, size_t size, uint64_t offset);

/* Waits for all that is under way. The first error. Forgets that, and gives back the memory. */
int direct_finish(struct direct *d);

#endif
