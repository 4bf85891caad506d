/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the uffd tracker knows of the chunks (2 MiB) of one segment.
 *
 *   CHUNK_FREE    not registered: a page is dirty when the kernel has copied it
 *   CHUNK_LOOSE   registered: a page is dirty when the kernel has copied it and it is not write-protected
 *   CHUNK_CLOSED  registered, and every page that is not dirty is write-protected, be it there or not: a page is dirty
 *                 when it is not write-protected.  To see that the kernel reads 8 bytes a page; to see what is copied it
 *                 looks up each page in memory, which takes ten times as long.
 *
 * Registered runs cost up to two memory areas each, so their number is bounded: beyond it the nearest are merged, and what
 * lies between them is loose.
 *
 * Session lock, engine thread.  Ranges are addresses; chunks at the ends of a segment may be cut short.
 */
#ifndef BIGFILE_CHUNKS_H
#define BIGFILE_CHUNKS_H

#include "openpages.h"
#include "rangelist.h"
#include "view.h"

#define CHUNK ((uint64_t)2 << 20)
#define CHUNK_RUNS 128

enum chunk_state { CHUNK_FREE, CHUNK_LOOSE, CHUNK_CLOSED, CHUNK_MIXED };

struct chunks {
	struct range all;     /* the segment */
	struct range runs[CHUNK_RUNS]; /* registered, sorted, apart from each other */
	unsigned count;
	struct open_pages closed; /* one bit a chunk; it counts inside the runs only */
	struct open_pages filled; /* the same; it counts for closed ones only (filling.h) */
	struct range files;   /* from its start on: where one entry of the page table for a whole chunk is the file's.  Elsewhere it may be a copy */
	bool incomplete;      /* since this was last set to false: something that may be dirty is free, for it could not be registered or kept so */
	uint64_t slow_ns;     /* spent on chunks that are not closed since their pages were last counted */
	uint64_t patience_ns; /* how much of it before that is done again */
	bool fillable;        /* some closed chunk is not filled, as far as is known */
	uint64_t fill_ns;     /* what may be spent on filling, */
	uint64_t fill_at;     /* and where that goes on */
};

struct chunk_walk {
	const struct chunks *chunks;
	struct range rest; /* what has not been walked yet; set it before the first step */
	unsigned run;
};

/* The next stretch of chunks in one state; false at the end. */
bool chunks_next(struct chunk_walk *w, struct range *part, enum chunk_state *state);
/* The same, but free ones and short stretches of loose ones that follow each other are one, which is CHUNK_MIXED. */
bool chunks_next_mixed(struct chunk_walk *w, struct range *part, enum chunk_state *state);

/* Registers the chunks of `wanted`, which are in order; what was not registered before is loose. */
void chunks_register(struct chunks *c, const struct range_list *wanted);
/* -ENOMEM: they stay loose. */
int chunks_close(struct chunks *c, struct range at);
/* Whatever the kernel knew of `at` is gone, or not to be relied on: those chunks are free. */
void chunks_forget(struct chunks *c, struct range at);
/* Nothing there is dirty, and nobody can store to it: those chunks are free, or loose, and no page of `at` is protected. */
void chunks_rest(struct chunks *c, struct range at);
/* What `files` is of segment s, of small pages. */
struct range chunks_of_file(const struct view *v, const struct segment *s);
/* The number of the chunk in which that address lies, and where one begins: the first one before the segment, if it is cut short. */
uint64_t chunks_index(const struct chunks *c, uint64_t at);
uint64_t chunks_start(const struct chunks *c, uint64_t index);
/* The chunks that `at` meets. */
struct range chunks_around(const struct chunks *c, struct range at);

#endif
