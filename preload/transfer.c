/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that have the kernel move bytes from one descriptor to another.  When the bytes have gone the offsets must follow: into.h. */
#include "into.h"

#include <fcntl.h>
#include <sys/sendfile.h>

#include "transfer.h"

#define MAY_MOVE(in, out) (boot_is_active() && (fileops_may_read(in) || fileops_may_change(out)))

EXPORT ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
	ENGINE_OR(MAY_MOVE(in, out), transfer_sendfile(out, in, offset, n),
		  INTO_ONCE(offset, at, real(sendfile)(out, in, at, n)));
}
ALIAS(sendfile64, sendfile);

#define BY_OFFSETS(call) INTO_ONCE(in_offset, from, INTO_ONCE(out_offset, to, call))

EXPORT ssize_t copy_file_range(int in, off_t *in_offset, int out, off_t *out_offset, size_t n, unsigned flags)
{
	ENGINE_OR(MAY_MOVE(in, out), transfer_copy_range(in, in_offset, out, out_offset, n, flags),
		  BY_OFFSETS(real(copy_file_range)(in, from, out, to, n, flags)));
}

EXPORT ssize_t splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t n, unsigned flags)
{
	ENGINE_OR(MAY_MOVE(in, out), transfer_splice(in, in_offset, out, out_offset, n, flags),
		  BY_OFFSETS(real(splice)(in, from, out, to, n, flags)));
}
