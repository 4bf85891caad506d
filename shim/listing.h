/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program sees of a folder with marked files: its own files.  Journals, and files that the transaction has deleted and that are
 * aside until it is committed, are none of them: who copies a folder, or takes all names in it for its own, would come upon them.
 *
 * Any thread, no lock held; errno is kept.
 */
#ifndef BIGFILE_LISTING_H
#define BIGFILE_LISTING_H

#include <stdbool.h>

/* Cheap, without system calls: is this a name that listing_shows() has to look at? */
bool listing_may_hide(const char *name);
/*
 * Does the program see the entry `name` of the open folder?  A file that a crash has left aside comes back, and is seen: `name` is that
 * which it has then.
 */
bool listing_shows(int folder, char *name);

#endif
