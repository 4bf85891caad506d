/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which files were changed together with one, as far as its journal tells: those of its roster, and the one whose journal its
 * last record names.  For the tool.
 *
 * Reads only, takes no lock.  0 or -errno.
 */
#ifndef BIGFILE_COMPANIONS_H
#define BIGFILE_COMPANIONS_H

/* path: the marked file, there or aside (aside.h). */
typedef void (*companions_fn)(void *arg, const char *path);
int companions_each(const char *path, companions_fn fn, void *arg);

#endif
