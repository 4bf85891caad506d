/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Views: the memory that stands for a marked file while it is in use.
 *
 * A view is made of segments, address ranges that each show one range of the file; no page of the file
 * is in two of them.  Nearly always there is one, reserved generously so that it can grow in place.  The
 * pages of a segment are, by file offset,
 *
 *   [0, file_end)         the file, mapped MAP_PRIVATE: loaded on demand, copied on the first store
 *   [file_end, zero_end)  anonymous memory: what transactions have added to the file, and what an
 *                         abort took away under windows that still look at it
 *   [zero_end, ...)       nothing, a touch is SIGBUS, as for any shared mapping past the end: an empty file as
 *                         far as the transaction has cut the file, then the file itself past its end
 *
 * That is a private view.  The segments of a shared one (memory.h) all map its memory, which ends at zero_end, and may
 * overlap: a file can then be seen at several addresses.  Of a large file a process can touch only the pages that have come
 * within its reach (reach.h); the others are PROT_NONE, and need not be loaded.
 *
 * Nothing of an open transaction is in the file, not even its size: only apply changes it.
 *
 * Units: bytes; offsets are the file's, addresses are "at".
 * All fields are guarded by the session lock, except `windows` (see window.h) and what the look-ups read, which take
 * no lock: a view may be given up (giveup.h) as soon as nothing of the transaction is in it.  So whoever looks one up without
 * the session lock gets it into its hand, and puts it down when the call ends; what is in somebody's hand stays.  The
 * memory of a view that is gone only ever becomes another view's, so that looking at an outdated pointer is harmless.
 */
#ifndef BIGFILE_VIEW_H
#define BIGFILE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "addresses.h"
#include "dirtymap.h"
#include "journal.h"
#include "loadmap.h"
#include "lock.h"
#include "openpages.h"
#include "rangelist.h"
#include "window.h"

#define VIEW_SEGMENTS 16
#define VIEW_STREAMS 4

struct build;
struct tracker;

/* The memory of a shared view (memory.h). */
struct view_memory {
	int fd;      /* in the engine thread's table */
	uint8_t *at; /* all of it, for the engine */
	uint64_t room;
	struct dirtymap dirty;
	struct loadmap loads;  /* words NULL: loaded as a whole */
	uint64_t *load_end;    /* in the session (shared.h); this and the words change atomically, for who looks without a lock */
	const uint8_t *source; /* the file, for loading, as far as there are words */
};

/* Where faults have come one after the other, upwards or downwards. */
struct touch_stream {
	struct range range; /* of the file, as last brought in */
	uint64_t length;    /* of what a fault brings in there */
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
	VIEW_UNLINKED, /* its file has no name any more: it belongs to no transaction */
};

struct view {
	/* What look-ups read while the view becomes another one. */
	struct view *next;       /* in the list; kept when it is gone, for who walks there */
	struct view *chain;      /* of its bucket */
	uint32_t hands;          /* that it is in; VIEW_GONE: in no list, or about to be in none */

	bool used;               /* since giveup.c looked last */
	dev_t dev;
	ino_t ino;
	char *path;              /* that the file has now, as far as we know */
	char *other_path;        /* that the program has linked to it last; NULL: none */
	_Atomic enum view_mode mode; /* changed under the session lock; calls look at it without: either order is one they could have come in */
	int error;               /* commits fail with this: the file's own state is in doubt */
	int cut_off;             /* from its servers, which was found out by this errno (fence.h) */
	_Atomic int fd;          /* in the engine thread's descriptor table; whether there is one is asked without a lock */

	_Atomic uint64_t size;   /* logical; asked for without a lock too, as long as the view is private (shared_size) */
	uint64_t committed;      /* the file's own size, as of the last commit */
	uint64_t largest;        /* that a file can be there */
	uint64_t cut;            /* the smallest size in this transaction; UINT64_MAX: never shrunk */
	struct timespec changed; /* when a call last changed it in this transaction; 0: not yet */
	struct timespec times[2]; /* that the program has given it since, to be kept; 0: none */
	uint64_t file_end;       /* page border */
	struct range_list islands; /* below it, in order, and anonymous memory all the same (backing.h) */
	uint64_t zero_end;       /* page border, >= file_end when there are zero pages */

	struct segment segments[VIEW_SEGMENTS];
	_Atomic unsigned segment_count; /* changed under the session lock; walked by fault handlers */
	struct window_table windows;
	const struct tracker *tracker;
	void *tracking;          /* the tracker's own */

	unsigned shared;         /* the file's number in the session (shared.h), from 1; 0: a private view */
	uint32_t shared_use;     /* which of the files that had this number */
	const struct shared_file *seen; /* the same file for who asks without the session lock (shared.h): NULL until it says what v does; atomic */
	struct view_memory memory;
	bool partial;            /* only what is within reach can be touched.  This and what follows: window lock */
	struct open_pages reach[VIEW_SEGMENTS];
	struct touch_stream streams[VIEW_STREAMS];
	unsigned next_stream;

	uint8_t *home;           /* the file, MAP_SHARED (home.c) */
	uint64_t home_size;
	struct open_pages broken_up; /* where large folios were, by granules (home.c) */
	struct open_pages looked_at; /* what is compared through the mapping, by chunks of 2 MiB (home.c) */
	uint64_t look_chunk, looked; /* the chunk at hand, and how many of its pages were compared one after the other */
	struct open_pages copied;                /* chunks of the file that commits were about: since their copies were dropped, */
	struct open_pages copied_lately[2];      /* in the seconds that pass now, and in those before; */
	uint64_t copied_hand;                    /* the chunk at which dropping them goes on, */
	uint64_t rest_hand;                      /* and at which those at rest are looked for; */
	uint64_t look_ns;                        /* what looking for what is dirty has taken, since some of it was last spent on that (copies.c); */
	struct range_list copied_now;            /* and the pages of the one that ends now, while it does (copies.c) */
	bool copied_unknown;                     /* there was no memory for it */
	uint64_t slow_since;     /* applying takes long, as of the checkpoint that ended below this record; 0: it does not */
	struct journal journal;
	struct range_list carried; /* file ranges that are dirty although the tracker calls them clean: a
				      commit that collected them failed */
	bool carry_all;            /* there was no memory to note them: everything copied is dirty */
	struct build *build;       /* commit.c, while one is under way */
	uint64_t taken;            /* address below which a cut needs nothing more (cut.h): window lock */
	uint64_t dirty_pages;      /* as last counted: for reports */
	bool frozen;               /* orphans: no store was seen since the fork */
	bool was_mapped;           /* by the program, at some time */
	bool nameless;             /* it has names that we do not know */
	bool aside;                /* it was unlinked in this transaction: see view_is_aside */
	bool settled;              /* while it is let go: its journal has nothing that matters */
	/* An exec has let it go, and how it has left the file, should it fail. */
	bool left;
	uint64_t left_size;
	struct timespec left_time;
	bool leased;               /* it is on a network file system: lease.h */
	bool cut_off_said;         /* by this process */
	bool lock_lost;            /* its own one of the journal was asked for in vain */
	bool stranger_said;        /* that somebody changes the file without us */
};

extern struct lock session_lock;
extern struct lock window_lock;

#define VIEW_GONE (UINT32_C(1) << 31)

extern struct view *view_list; /* newest first */
extern unsigned view_count;
extern bool view_some_went; /* were given up: a descriptor of a marked file may have none although it had */
extern bool view_ever;
extern bool view_aside_ever; /* was a file of the transaction ever unlinked, as far as this process knows? */

/* For walking: under the session lock, or by who can bear to see one that is gone. */
static inline struct view *view_first(void)
{
	return __atomic_load_n(&view_list, __ATOMIC_ACQUIRE);
}

/* Was there ever one? */
static inline bool view_any(void)
{
	return __atomic_load_n(&view_ever, __ATOMIC_ACQUIRE);
}

/* Session lock held. */
struct view *view_find(dev_t dev, ino_t ino);

/* Any thread, handlers too: gets the view into hand; NULL: there is none. */
struct view *view_get(dev_t dev, ino_t ino);
void view_put(struct view *v); /* NULL is fine */
/* Session lock held: one more hand, of another thread, which calls the second one when it has it. */
void view_hold(struct view *v);
void view_is_handed(void);
bool view_exists(dev_t dev, ino_t ino);

/* A variable that puts down what it holds where it goes out of scope. */
static inline void view_put_variable(struct view **v)
{
	view_put(*v);
}
#define IN_HAND __attribute__((cleanup(view_put_variable)))

/* Takes fd and a copy of path.  NULL: no memory. */
struct view *view_create(int fd, const char *path, const struct stat *st, enum view_mode mode);

/*
 * Does v keep the file, by a descriptor or a mapping?  One that a child has inherited may not: when the parent lets the file go, and it is
 * deleted, its number may become another file's.
 */
bool view_keeps_file(const struct view *v);
/*
 * Session lock held.  False when somebody has it in hand.  From then on nobody finds it, by file or by address; the caller
 * undoes what it is made of, then calls view_free.
 */
bool view_remove(struct view *v);
void view_free(struct view *v);

/*
 * Engine thread.  A descriptor of an empty file: its pages are SIGBUS.  -1 when there is none to be had; then what
 * was cut off reads as zeros.
 */
int view_void_fd(void);
/* In the child of fork, which has only the thread that forked. */
void view_after_fork(void);

/* Adds a segment, with -ENOMEM when there are too many; tells of one that has grown. */
int view_note_segment(struct view *v, uintptr_t start, uint64_t length, uint64_t offset);
void view_note_growth(const struct segment *s);
/* Session lock held: the next `more` changes of its windows cannot fail. */
int view_reserve_windows(struct view *v, size_t more);

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

/* As view_get: the view whose reserved addresses contain at. */
struct view *view_get_at(uintptr_t at);
/* Does any view reserve a part of [at, at + length)?  Lock-free. */
static inline bool view_overlaps(uintptr_t at, size_t length)
{
	return addresses_overlap(at, length);
}

/*
 * Walks an address range that may meet several views: the first view from at.start on, in hand, and
 * its part in *inside; NULL when there is none up to at.end.
 */
struct view *view_get_first_in(struct range at, struct range *inside);

/*
 * Can this process touch the page at `at`, in a segment of v?  *end: how far the answer goes, at most as it came.  Window lock,
 * or from who alone adds pages.
 */
bool view_reaches(const struct view *v, uint64_t at, uint64_t *end);
/* The same of one that it can: from where on, but not from before `start`, which is in the same segment. */
uint64_t view_reaches_from(const struct view *v, uint64_t at, uint64_t start);
struct segment *view_segment_at(struct view *v, uint64_t at);

bool view_size_changed(const struct view *v);

/*
 * Has its file been unlinked in this transaction, and waits aside for the commit?  The flag was set before the name
 * was changed, and may have been set in vain.
 */
bool view_is_aside(const struct view *v);

#endif
