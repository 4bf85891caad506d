/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors that are kept for long, out of the way.
 *
 * The engine thread has a table of its own, but the program's limit (RLIMIT_NOFILE) counts for it as well, and each file takes two or
 * three.  What is kept lies above the soft limit, up to the hard one: so the program's own limit, and what it may see of it, stay as
 * they are, and there is always room below for what the engine opens for a moment.
 *
 * Engine thread.
 */
#ifndef BIGFILE_PARKING_H
#define BIGFILE_PARKING_H

/* fd, or another one in its place when the table below the soft limit is getting full.  -errno is passed on. */
int parking_put(int fd);

#endif
