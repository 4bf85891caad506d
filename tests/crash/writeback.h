/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's write-back, which may come at any time: here it comes all the time. */
#ifndef CRASH_WRITEBACK_H
#define CRASH_WRITEBACK_H

/* Sends single pages of whatever is in the folder to the disk.  Does not return. */
void write_back(const char *folder);

#endif
