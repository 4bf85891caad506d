/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Will the kernel take a name away?  Asked before anything is committed for that.
 *
 * There is no call that answers this and changes nothing, so it is found out as the kernel does: the folder's permissions, by asking for
 * them, then what it looks at besides.  A security module or a file system may refuse it all the same, or a capability mean nothing for this
 * file: then the call fails after the commit, which harms nobody.  What is refused here the kernel refuses too.
 *
 * Any thread, no lock held.
 */
#ifndef BIGFILE_REFUSAL_H
#define BIGFILE_REFUSAL_H

/* -errno: it will not take away `path`, which is there.  0: it will, as far as can be known. */
int refusal_of(int dir, const char *path);

#endif
