/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From one shared session into another, with all files.
 *
 * A process that has shared its transaction, and is alone by now, may meet another session at a file.  Its own then ends: the
 * files are given numbers in the other one, what is dirty in them and what is loaded is noted there, and the memory stays where it is, so
 * the program's threads, and what they store meanwhile, are not concerned.
 *
 * A crash before the files are settled (shared.h) leaves the other session as it was: this process's part of the transaction dies
 * with it, as if it had never moved.
 *
 * Engine thread, session lock held.
 */
#ifndef BIGFILE_MOVING_H
#define BIGFILE_MOVING_H

#include <stdint.h>

/*
 * fd: of the other session, in the table of thread tid of process pid.  0; -EBUSY: there are others in this session, or it is in no
 * state to end, or the two have a file in common; -ESRCH: nobody is left in the other one; other errors as sharing_enter.
 */
int moving_enter(uint32_t pid, uint32_t tid, int fd);

#endif
