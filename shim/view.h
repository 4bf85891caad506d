/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Views: the memory that stands for a marked file while it is in use.
 *
 * A view is made of segments, address ranges that each show one range of the file; no page of the file
 * is in two of them.  Nearly always there is one, reserved generously so that it can grow in place.  The
 * pages of a segment are, by file offset,
 *
 *   [0, file_end)         the file, mapped MAP_PRIVATE: loaded on demand, copied on the first store
 *   [file_end, zero_end)  anonymous memory: what the transaction has added to the file, and what an
 *                         abort took away under windows that still look at it
 *   [zero_end, ...)       nothing, a touch is SIGBUS, as for any shared mapping past the end: an empty file as
 *                         far as the transaction has cut the file, then the file itself past its end
 *
 * That is a private view.  The segments of a shared one (memory.h) all map its memory, which ends at zero_end, and may
 * overlap: a file can then be seen at several addresses.
 *
 * Nothing of an open transaction is in the file, not even its size: only apply changes it.
 *
 * Units: bytes; offsets are the file's, addresses are "at".  A view lives until the process ends.
 * All fields are guarded by the session lock, except `windows` (see window.h) and the address table behind
 * view_at(), which the fault handler reads without a lock.
 */
#ifndef BIGFILE_VIEW_H
#define BIGFILE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "dirtymap.h"
#include "journal.h"
#include "lock.h"
#include "rangelist.h"
#include "window.h"

#define VIEW_SEGMENTS 16

struct build;
struct tracker;

/* The memory of a shared view (memory.h). */
struct view_memory {
	int fd;      /* in the engine thread's table */
	uint8_t *at; /* all of it, for the engine */
	uint64_t room;
	struct dirtymap dirty;
};

struct segment {
	struct range at; /* addresses */
	uint64_t offset; /* of the file, at at.start */
	uint64_t tracked; /* shared views: the address up to which the tracker was set to work */
};

enum view_mode {
	VIEW_READING, /* no writable window yet: no lock, no journal, nothing can be dirty */
	VIEW_WRITING, /* this process holds the journal's lock */
	VIEW_ORPHAN,  /* inherited over fork: its stores stay in this process */
	VIEW_UNLINKED, /* its file has no name any more: memory only, nothing to commit */
};

struct view {
	struct view *next;
	dev_t dev;
	ino_t ino;
	char *path;              /* that the file has now, as far as we know */
	char *other_path;        /* that the program has linked to it last; NULL: none */
	enum view_mode mode;
	int error;               /* commits fail with this: the file's own state is in doubt */
	int fd;                  /* in the engine thread's descriptor table */

	uint64_t size;           /* logical */
	uint64_t committed;      /* the file's own size, as of the last commit */
	uint64_t cut;            /* the smallest size in this transaction; UINT64_MAX: never shrunk */
	struct timespec changed; /* when a call last changed it in this transaction; 0: not yet */
	struct timespec times[2]; /* that the program has given it since, to be kept; 0: none */
	uint64_t file_end;       /* page border */
	uint64_t zero_end;       /* page border, >= file_end when there are zero pages */

	struct segment segments[VIEW_SEGMENTS];
	unsigned segment_count;
	struct window_table windows;
	const struct tracker *tracker;
	void *tracking;          /* the tracker's own */

	unsigned shared;         /* the file's number in the session (shared.h), from 1; 0: a private view */
	struct view_memory memory;

	uint8_t *home;           /* the file, MAP_SHARED and writable: compare and apply (home.c) */
	uint64_t home_size;
	struct journal journal;
	struct range_list carried; /* file ranges that are dirty although the tracker calls them clean: a
				      commit that collected them failed */
	bool carry_all;            /* there was no memory to note them: everything copied is dirty */
	struct build *build;       /* commit.c, while one is under way */
	uint64_t dirty_pages;      /* as last counted: for reports */
	bool frozen;               /* orphans: no store was seen since the fork */
	bool nameless;             /* it has names that we do not know */
	bool stranger_said;        /* that somebody changes the file without us */
};

extern struct lock session_lock;
extern struct lock window_lock;

extern struct view *view_list; /* newest first; only ever added to */
/* Between these lie the addresses of all segments. */
extern struct range view_bounds;

static inline struct view *view_first(void)
{
	return __atomic_load_n(&view_list, __ATOMIC_ACQUIRE);
}

static inline bool view_any(void)
{
	return view_first() != NULL;
}

struct view *view_find(dev_t dev, ino_t ino);

/* Takes fd and a copy of path.  NULL: no memory. */
struct view *view_create(int fd, const char *path, const struct stat *st, enum view_mode mode);

/*
 * Engine thread.  A descriptor of an empty file: its pages are SIGBUS.  -1 when there is none to be had; then what
 * was cut off reads as zeros.
 */
int view_void_fd(void);
void view_after_fork(void);

/* Adds a segment, with -ENOMEM when there are too many; tells of one that has grown. */
int view_note_segment(struct view *v, uintptr_t start, uint64_t length, uint64_t offset);
void view_note_growth(const struct segment *s);

/* The segment's part of a file range as addresses; empty when it holds none of it. */
struct range segment_range(const struct segment *s, uint64_t start, uint64_t end);
/*
 * Where the engine reads and writes a file offset: in a segment, or in the memory of a shared view.  NULL: nowhere yet.
 * *run: bytes that follow in the same place.
 */
uint8_t *view_address(const struct view *v, uint64_t offset, uint64_t *run);
uint64_t view_offset(const struct segment *s, uint64_t at);
uint64_t segment_end(const struct segment *s); /* an offset */
/* The same for an address in any segment of v. */
uint64_t view_offset_at(const struct view *v, uint64_t at);
/* Has every page of [start, end) such an address? */
bool view_shows(const struct view *v, uint64_t start, uint64_t end);

/* Lock-free, for handlers: the view whose reserved addresses contain at; NULL if none. */
struct view *view_at(uintptr_t at);
/* Does any view reserve a part of [at, at + length)?  Lock-free. */
bool view_really_overlaps(uintptr_t at, size_t length);

static inline bool view_overlaps(uintptr_t at, size_t length)
{
	return at < __atomic_load_n(&view_bounds.end, __ATOMIC_ACQUIRE) &&
	       at + length > __atomic_load_n(&view_bounds.start, __ATOMIC_ACQUIRE) && view_really_overlaps(at, length);
}

/*
 * Walks an address range that may meet several views: returns the first view from at.start on and
 * its part in *inside; NULL when there is none up to at.end.
 */
struct view *view_first_in(struct range at, struct range *inside);

bool view_size_changed(const struct view *v);

#endif
