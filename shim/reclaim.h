/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reclaim: clean content leaves the memory of large shared files when that takes more than BIGFILE_MEMORY.
 *
 * What leaves is chosen by a hand that goes round the file; what was stored to since it was loaded comes last, for
 * there may be locks in it, which the kernel must be able to read.  What is dirty stays.  Engine thread, session lock held.
 *
 * Why nothing is lost: what is chosen is marked first, then every process puts it out of reach, and says what it has stored to.
 * From then on nobody stores there - who wants it back takes the mark away first - so it can be told whether it is clean; and where
 * somebody called it dirty, or has died and cannot say, it is compared with the file.  A process that does not answer keeps everything.
 */
#ifndef BIGFILE_RECLAIM_H
#define BIGFILE_RECLAIM_H

void reclaim_run(void);

#endif
