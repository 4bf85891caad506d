/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Collecting for the uffd tracker: what is dirty in the chunks of one segment, and which chunks should be closed from now on.
 *
 * A page that is protected is reported after that, in the same call; so no store falls in between.  When a
 * call fails, some may have been protected and not reported: the caller has to call dirty whatever was ever copied.
 *
 * Engine thread, session lock.
 */
#ifndef BIGFILE_COLLECT_H
#define BIGFILE_COLLECT_H

#include "chunks.h"
#include "tracker.h"

int collect_chunks(struct view *v, const struct segment *s, struct chunks *chunks, struct range at, tracker_dirty_fn fn,
		   void *arg);
/* Reports what is dirty, and protects nothing. */
int collect_look(struct view *v, const struct segment *s, struct chunks *chunks, struct range at, tracker_dirty_fn fn, void *arg);
/* Adds the number of dirty pages in `at`, up to `enough`. */
int collect_count(const struct chunks *chunks, struct range at, uint64_t enough, uint64_t *pages);

#endif
