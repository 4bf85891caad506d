/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sendfile, copy_file_range and splice with a marked file on one side: the kernel would move bytes of the file
 * where those of the view are meant, so they are moved here, through a buffer.
 *
 * Any thread, no lock held.  Results as in fileops.h; like the calls themselves they may move less than was asked for.
 * Offsets: NULL is the file offset; otherwise the place, which is moved on.
 */
#ifndef BIGFILE_TRANSFER_H
#define BIGFILE_TRANSFER_H

#include <stdint.h>
#include <sys/types.h>

#include "fileops.h"

int64_t transfer_sendfile(int out, int in, off_t *offset, size_t length);
int64_t transfer_copy_range(int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags);
int64_t transfer_splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags);

#endif
