/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The dirty map of a shared view: one bit for each page that somebody found stored to, or that must count as such.
 *
 * A participant's tracker knows what that process stores to; whenever it is asked, what it knows goes from there
 * into this map, and a commit takes it from here.  So what a participant has said survives it.  The map lies in the
 * session's memory, a room for each file; a byte for each page of bits (128 MiB of the file) tells whether there is
 * anything in it, so that looking through a sparse file costs nothing.
 *
 * Session lock held, or the holder waits for our answer (participants.h): setting is atomic.  Offsets are bytes of the file.
 */
#ifndef BIGFILE_DIRTYMAP_H
#define BIGFILE_DIRTYMAP_H

#include <stdbool.h>

#include "page.h"

#define DIRTYMAP_BASE (UINT64_C(1) << 32) /* where the rooms begin in the session's memory */
#define DIRTYMAP_ROOM (UINT64_C(1) << 36) /* the second half of each is the load map's (loadmap.h) */

struct dirtymap {
	uint8_t *any;   /* for each page of bits */
	uint64_t *bits;
	uint64_t end;   /* of the file, as far as bits are mapped */
	unsigned index; /* of the room */
};

/* Engine thread.  Maps what offsets below `end` need; fd: the session's memory.  0 or -errno. */
int dirtymap_map(struct dirtymap *m, int fd, unsigned index, uint64_t end);
void dirtymap_unmap(struct dirtymap *m);

/* Beyond what is mapped nothing is noted: the caller sees to that. */
void dirtymap_set(struct dirtymap *m, uint64_t start, uint64_t end);
/* The first run of dirty pages from *at on and below `end`; *at: where to go on.  false: none. */
bool dirtymap_next(const struct dirtymap *m, uint64_t *at, uint64_t end, struct range *run);
void dirtymap_clear(struct dirtymap *m, struct range run);

#endif
