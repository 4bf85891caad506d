/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filling: bringing the pages of closed chunks that the page cache has into the page table.
 *
 * A page of a closed chunk that nobody has touched yet is known to be protected by a note in its place. To tell such notes from pages costs the kernel
 * two to four times as much as going over pages alone, and the more the more evenly both are mixed: a program that stores here and there
 * finds its commits slower from one to the next. When all pages are there, looking costs as little as it can, and stays so.
 *
 * It is done when nothing else is to be done, in steps of some 20 us, of which who wants the session lock waits for one, and takes no more time than
 * half of what has been spent on looking at closed chunks. Nothing is read from the disk for it.
 *
 * Engine thread, session lock.
 */
#ifndef BIGFILE_FILLING_H
#define BIGFILE_FILLING_H

#include "chunks.h"

/* Looking at closed chunks has taken so long again. */
void filling_earn(struct chunks *c, uint64_t ns);
/* One step; false: there is nothing to do, or no time left for it. */
bool filling_step(struct chunks *c);

#endif
