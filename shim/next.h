/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The next definition of a function after the object that this is linked into: what dlsym(RTLD_NEXT) answers, without
 * its locks.  A first call in a signal handler may therefore look a name up, and none need be looked up before.
 *
 * It reads the loader's list of objects.  Those that were there at the start of the program stay where they are;
 * only they are searched.
 */
#ifndef BIGFILE_NEXT_H
#define BIGFILE_NEXT_H

#include <stdbool.h>

/* Call once while the program starts.  False: this loader's list is not understood, so look all names up now. */
bool next_start(void);

/*
 * NULL when there is none.  Asks dlsym for what it cannot find itself: indirect functions, objects without a GNU hash
 * table, names that nobody defines.  Those of libc that we interpose are none of these.
 */
void *next_find(const char *name);

#endif
