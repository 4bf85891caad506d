/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The load map of a shared view: what of the file is in its memory, a word for each granule of 16 KiB.
 *
 * A granule is loaded by the thread that wants it, in whichever process: it claims the word, copies from the file, and says
 * so.  Nobody can reach an unloaded granule, so nobody has stored to it, and when a loader dies another one
 * begins anew.  A granule leaves again by reclaim (reclaim.h), the session lock being held.
 *
 * The word of a granule that somebody is at names his thread; who waits for it looks now and then whether that lives.
 * The map lies in the session's memory, in the second half of the room that the dirty map has there.
 *
 * Async-signal-safe, no locks; whoever has claimed a word blocks signals until it is settled.  Offsets are bytes of the file.
 */
#ifndef BIGFILE_LOADMAP_H
#define BIGFILE_LOADMAP_H

#include <stdbool.h>

#include "page.h"

#define LOAD_GRANULE ((uint64_t)16 << 10)

enum load_state {
	LOAD_ABSENT,
	LOAD_PRESENT,
	LOAD_COMING,   /* being copied from the file */
	LOAD_LEAVING,  /* chosen by reclaim; who wants it makes it present again */
	LOAD_DROPPING, /* clean, and on its way out: its content is not needed any more */
};

struct loadmap {
	uint32_t *words;
	uint64_t end; /* of what has words */
};

static inline uint64_t granule_floor(uint64_t offset)
{
	return offset & ~(LOAD_GRANULE - 1);
}

static inline uint64_t granule_ceil(uint64_t offset)
{
	return granule_floor(offset + LOAD_GRANULE - 1);
}

/* Engine thread.  Maps the words of offsets below `end`; fd: the session's memory.  0 or -errno. */
int loadmap_map(struct loadmap *m, int fd, unsigned index, uint64_t end);
void loadmap_unmap(struct loadmap *m);

/* As it is now, into one of the same length that is empty; fd and index are those of `from`. */
void loadmap_copy(const struct loadmap *from, struct loadmap *to, int fd, unsigned index);

enum load_state loadmap_state(const struct loadmap *m, uint64_t offset);
/* From one state to the next; false when it is in another.  Whoever waits for a settled word is woken. */
bool loadmap_change(struct loadmap *m, uint64_t offset, enum load_state from, enum load_state to);
/*
 * Waits while somebody is at it, but a second at most.  What a dead one was at is settled.  0: nobody is any more; else the thread that is.
 * A thread that lives is never replaced, though it be stopped: nothing could keep it from copying old content over what others
 * store once it goes on.
 */
uint32_t loadmap_wait(struct loadmap *m, uint64_t offset);

/* A granule that was stored to since it was loaded: it leaves after all others. */
void loadmap_note_stored(struct loadmap *m, uint64_t offset);
bool loadmap_was_stored(const struct loadmap *m, uint64_t offset);

/* Set by who knows the participants: can this thread still be at work for the session? */
extern bool (*loadmap_is_at_work)(uint32_t tid);

#endif
