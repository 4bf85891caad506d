/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loading: how the content of a large file comes into the memory of its shared view, when it is wanted.
 *
 * Below load_end (in the session) each granule of the file has a word in the load map; above it the memory is what the
 * view holds, and nothing is ever loaded.  load_end is a granule border, at most the committed size and at most the smallest size of the
 * transaction: so a granule is loaded as a whole, and what it should hold does not change as long as it is absent.
 *
 * Content is copied through two mappings, so that no descriptor is needed: the thread that touches a page loads it, in
 * the fault handler if need be.  Pages of zeros are left out: holes stay holes.
 *
 * Any thread, unless said otherwise.  0 or -errno.
 */
#ifndef BIGFILE_LOADING_H
#define BIGFILE_LOADING_H

#include "view.h"

/* Engine thread.  Maps what loading needs, for a view whose memory is mapped up to its load_room. */
int loading_start(struct view *v);
void loading_stop(struct view *v);

/* The view's memory holds [start, end) when this returns 0; -EIO: the file cannot be read. */
int loading_bring(struct view *v, uint64_t start, uint64_t end);
/* Does it, now? */
bool loading_has(const struct view *v, uint64_t start, uint64_t end);
/* Is there anything that may be absent, now or soon? */
bool loading_is_partial(const struct view *v);
/* The end of the run of loaded, or of not loaded, content that `start` is in, at most `end`. */
uint64_t loading_run(const struct view *v, uint64_t start, uint64_t end, bool *loaded);

/* Session lock held.  What lies from the granule of `at` on is not loaded any more: it is as the memory has it.  Two steps, the
   new size being told to all between them. */
int loading_fix_border(struct view *v, uint64_t at);
void loading_cut(struct view *v, uint64_t at);
/* Session lock held.  All up to the committed size, or up to `at`, is in memory or below load_end: from here on it may leave. */
void loading_extend(struct view *v);
void loading_extend_to(struct view *v, uint64_t at);
/* They leave after all others. */
void loading_note_stored(struct view *v, uint64_t start, uint64_t end);
/* Session lock held.  A participant died with it: what it was at is settled. */
void loading_repair(struct view *v);

/* Files up to some size are loaded sooner as a whole than in pieces. */
bool loading_is_small(uint64_t size);
/* Bytes that shared views may take: BIGFILE_MEMORY. */
uint64_t loading_limit(void);
/* After a page was brought in: gives reclaim a chance, for a moment. */
void loading_slow_down(void);
/* Called, in any context, when more is loaded than loading_limit allows.  Set by who can do something about it. */
extern void (*loading_press)(void);

#endif
