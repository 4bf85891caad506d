/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of a shared view: a memfd that holds the file's content as the transaction sees it.
 *
 * Segments map it MAP_SHARED; besides, each participant's engine maps all of it at v->memory.at, untracked, to copy from, and
 * for the interposed calls to read and write: these note what they store in the dirty map.  It ends on the page border
 * at v->zero_end; a touch beyond is SIGBUS in every process, without anybody's doing.
 *
 * Session lock held.  0 or -errno.
 */
#ifndef BIGFILE_MEMORY_H
#define BIGFILE_MEMORY_H

#include "view.h"

/*
 * Engine thread.  Makes v's memory, of v->zero_end bytes, and loads a small file into it: holes stay holes.  A large one is loaded
 * when it is touched (loading.h).
 */
int memory_create(struct view *v, unsigned index);
/* Engine thread.  The same for one that exists: takes over fd. */
int memory_adopt(struct view *v, int fd, unsigned index);
/* Undoes either. */
void memory_drop(struct view *v);

/* Engine thread.  Maps the memory up to `end`, and the dirty map with it. */
int memory_reach(struct view *v, uint64_t end);

/*
 * As view_resize and view_revert_size, which is for the engine thread.  What is brought back comes in pieces; relieve is called after each, for
 * it may leave again.
 */
int memory_resize(struct view *v, uint64_t size);
int memory_revert_size(struct view *v, void (*relieve)(void));

/* Loaded pages [start, end) are as in the file again.  Clean or not is the caller's affair. */
int memory_reload(struct view *v, uint64_t start, uint64_t end);

/* Everything that is there counts as dirty. */
void memory_all_dirty(struct view *v);

/* Engine thread.  Bytes of RAM or swap that it takes. */
uint64_t memory_taken(const struct view *v);

/* Engine thread.  The next data or hole from `at` on, as lseek: UINT64_MAX when there is no more data. */
uint64_t memory_seek(const struct view *v, uint64_t at, bool hole);

#endif
