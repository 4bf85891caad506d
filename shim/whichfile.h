/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which file a descriptor is of: asked of the kernel, also when the servers of a network file system are out of reach.
 *
 * Async-signal-safe, any thread, no lock.  0 or -errno.
 */
#ifndef BIGFILE_WHICHFILE_H
#define BIGFILE_WHICHFILE_H

#include <sys/stat.h>

/* As fstat; of a file whose servers do not answer what is known of it: enough to tell which one it is. */
int whichfile_status(int fd, struct stat *st);

/* Its name, into PATH_MAX bytes.  An error was said in a line. */
int whichfile_name(int fd, const struct stat *st, char *path);

#endif
