/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where in the files the dirty pages are, told to the tool in a file beside the control page: PID.map, made anew
 * each time it is asked for.
 *
 * Lines of decimal numbers.  For each file "file DEV INO SIZE UNIT": it is seen in cells of UNIT bytes, a multiple of the page,
 * at most DIRTYPLACES_CELLS of them; then "CELL PAGES" for each cell that has dirty pages.
 */
#ifndef BIGFILE_DIRTYPLACES_H
#define BIGFILE_DIRTYPLACES_H

#define DIRTYPLACES_CELLS 16384

/* Engine thread, session lock: the answer to CONTROL_MAP.  0 or -errno. */
int dirtyplaces_write(void);

#endif
