/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What transactions have added to a file is anonymous memory in its private view (view.h), also when it is committed: its copies cannot be dropped,
 * for there is nothing that would show through. Here the file's own mapping takes its place, from file_end upwards.
 *
 * What must stay where it is does: pages that are dirty, or that this commit was about (copies.h). They are *islands* then, anonymous memory
 * below file_end. To drop an island would show zeros; so only an abort does, and puts the file there.
 *
 * Engine thread, session lock.
 */
#ifndef BIGFILE_BACKING_H
#define BIGFILE_BACKING_H

#include "rangelist.h"
#include "view.h"

#define BACKING_STEP ((uint64_t)4 << 20) /* bytes: who stores there waits for as long as it takes to drop so many */

/*
 * At the end of a commit, v being without an error and with nothing carried over: file_end goes up, by so many bytes at
 * most, in whole steps. Pages of `now`, file offsets in order, stay. False: it cannot be done now.
 */
bool backing_step(struct view *v, uint64_t bytes, const struct range_list *now);

/* v was cut at `size`: what lies behind is no island any more. */
void backing_cut(struct view *v, uint64_t size);

/* Those of `ranges`, file offsets in order, that segment s shows in `at`, as addresses. */
int backing_find(const struct segment *s, const struct range_list *ranges, struct range at, struct range_list *found);

#endif
