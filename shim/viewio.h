/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of a view, read and changed by the calls of the program.
 *
 * Any thread, under the session lock.  Offsets and lengths are in bytes of the file.
 */
#ifndef BIGFILE_VIEWIO_H
#define BIGFILE_VIEWIO_H

#include "view.h"

/*
 * Takes the session lock, with [start, end) in memory, whether or not a window ever showed it.  0 or -errno; the
 * lock is held only after 0.
 */
int viewio_lock(struct view *v, uint64_t start, uint64_t end);

/* Engine thread, lock held: the same, as far as the engine can provide. */
int viewio_reach(struct view *v, uint64_t start, uint64_t end);

/* Both: what is asked for is shown, and inside the logical size.  from NULL: zeros.  -EFAULT: the program's buffer. */
int viewio_read(struct view *v, uint64_t offset, void *to, uint64_t length);
int viewio_write(struct view *v, uint64_t offset, const void *from, uint64_t length);

/* Copies inside the view, as memmove does; to and from are on page borders. */
int viewio_move(struct view *v, uint64_t to, uint64_t from, uint64_t length);

/*
 * Changes the logical size; also where shrinking needs the engine thread.  Called without the lock, which
 * it takes.  -EFBIG: beyond RLIMIT_FSIZE, and SIGXFSZ.
 */
int viewio_resize(struct view *v, uint64_t size);
/* The same, to at least that size. */
int viewio_grow(struct view *v, uint64_t size);

/*
 * As the kernel: nothing beyond RLIMIT_FSIZE, or what the file system knows, and less than `total` up to it.  The part that may be written at
 * `at`, or -EFBIG.
 */
int64_t viewio_limit(const struct view *v, int64_t at, int64_t total);
/*
 * The program's thread, no lock held: what it asked for, up to `end`, has ended with err, which is returned.  Whoever goes beyond
 * RLIMIT_FSIZE gets SIGXFSZ, too.
 */
int64_t viewio_ended(int64_t err, uint64_t end);

/* A call has changed the file: stat says so before the commit. */
void viewio_touch(struct view *v);

#endif
