/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors held in reserve in the engine thread's table: when files have taken all others, a commit still finds those
 * that it needs for a moment, for a folder to sync or for a journal that takes the place of another.
 *
 * Engine thread.
 */
#ifndef BIGFILE_SPARE_H
#define BIGFILE_SPARE_H

/* The table is new. */
void spare_start(void);
void spare_lend(void);
/* Takes them again, if they are to be had. */
void spare_hold(void);

#endif
