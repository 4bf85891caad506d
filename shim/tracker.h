/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trackers: how the engine learns which pages of a view were stored to.
 *
 * A tracker may call a clean page dirty - commit logs only bytes that differ from the file - but never a
 * dirty page clean.  One is chosen by probing when the first view is made, and stays.  A private view is in its care; a
 * shared one in that of tracker_shared, which makes use of it.
 *
 * Contexts: "engine" runs in the engine thread under the session lock; "caller" in any thread under
 * the session lock; "handler" in the fault handler under the window lock.
 */
#ifndef BIGFILE_TRACKER_H
#define BIGFILE_TRACKER_H

#include <stdbool.h>

#include "config.h"
#include "view.h"

/* Gets dirty pages as addresses inside one segment of v. */
typedef int (*tracker_dirty_fn)(void *arg, struct view *v, const struct segment *s, struct range at);

struct tracker {
	const char *name;
	bool stores_fault; /* the first one to a clean page comes to our handler */
	/* Engine.  Probes by doing.  0, or the -errno that rules this tracker out. */
	int (*start)(void);
	/* Engine.  Makes v->tracking. */
	int (*attach)(struct view *v);
	/* Engine.  Frees it: v is gone. */
	void (*detach)(struct view *v);

	/* Engine.  Shared views: `at`, new in segment s, is seen through from here on; its pages are clean. */
	int (*track)(struct view *v, const struct segment *s, struct range at);

	/* Caller.  Gives the pages in `at` the protection that their windows ask for. */
	int (*protect)(struct view *v, struct range at);
	/* Caller.  Makes `at` storable for the engine or the kernel, whatever its windows say; what is stored
	   counts as dirty.  close ends it. */
	int (*open)(struct view *v, struct range at);
	void (*close)(struct view *v, struct range at);
	/* Caller.  The mapping of `at` was replaced: what the kernel knew about it is gone. */
	void (*forget)(struct view *v, struct range at);

	/* Handler.  `at` has come within reach: gives its pages the protection that their windows ask for. */
	int (*reach)(struct view *v, struct range at);

	/* Handler.  A store to `page`, in the writable run of windows `writable`, faulted.  0 when the store
	   can be tried again. */
	int (*fault)(struct view *v, uint64_t page, struct range writable);

	/* Engine.  Reports the dirty pages of [0, v->size) and makes them clean: a store from here on
	   is reported by the next call.  Stops at the first error of fn. */
	int (*collect)(struct view *v, tracker_dirty_fn fn, void *arg);
	/* Engine.  Shared views: puts what this process has stored to into the dirty map, and makes it clean.  NULL:
	   that is read from the page tables. */
	int (*report)(struct view *v);
	int (*count_own)(struct view *v, uint64_t *pages);
	/* Engine.  Reports what is dirty, and it stays so.  Stops at the first error of fn. */
	int (*look)(struct view *v, tracker_dirty_fn fn, void *arg);
	/* Engine.  Counts dirty pages up to `enough`; changes nothing. */
	int (*count)(struct view *v, uint64_t enough, uint64_t *pages);
	/* Engine, the gate being closed: from freeze to thaw nobody can store to v. */
	int (*freeze)(struct view *v);
	void (*thaw)(struct view *v);
	/* Engine, for a cut (cut.h), private views: the same for a part, of which the handler may open pages meanwhile; NULL: they open when they
	   are stored to.  The window lock is held, by lock_take_blocked, and may be passed. */
	int (*freeze_part)(struct view *v, struct range at);
	int (*thaw_part)(struct view *v, struct range at);
	/* Engine, private views, while nothing is asked of it: a little (some 20 us) of what makes later collects faster; false: there is
	   nothing to do.  NULL: never. */
	bool (*tend)(struct view *v);
	/* Engine, private views, the window lock being held by lock_take_blocked: from hold to let_go nobody can store to `at`, of segment s; what is
	   dirty there goes to fn.  let_go, also after an error; NULL: to release the lock is enough.  hold NULL: it cannot be told. */
	int (*hold)(struct view *v, struct segment *s, struct range at, tracker_dirty_fn fn, void *arg);
	void (*let_go)(struct view *v, struct range at);
	/* The same, between the two, when nothing was dirty in `at` and its pages have been dropped: what is noted of them goes, too.  The caller drops
	   `at` once more, for the page table to go, and so does the cost of looking at it.  NULL: looking costs no more for pages that are there. */
	void (*rest)(struct view *v, struct segment *s, struct range at);
	/* Engine.  The page, which may be storable, is dirty, although collect has reported it. */
	int (*mark)(struct view *v, uint64_t page);
};

extern const struct tracker tracker_uffd;
extern const struct tracker tracker_mprotect;

/* The one of this process; NULL before tracker_choose. */
extern const struct tracker *tracker;

/* v->tracker of shared views: asks all participants, each of which has its own tracker underneath.  It is never started,
   and nothing is ever mapped anew under it. */
extern const struct tracker tracker_shared;

/* Engine.  -ENOTSUP when the one that was demanded cannot work here: said in one line. */
int tracker_choose(enum config_tracker wanted);

/* In the child of fork: the tracker's descriptors are the parent's; tracker_choose opens them anew. */
void tracker_after_fork(void);

/* Calls fn for each run of equal window protection in `at`, within reach: other pages keep theirs, which is none. */
typedef int (*tracker_run_fn)(void *arg, struct range run, int prot);
int tracker_each_run(const struct view *v, struct range at, tracker_run_fn fn, void *arg);
/* Calls fn for what the kernel has copied of `at`, in segment s, stored to since it was made clean or not (pagemap_each_copied). */
int tracker_each_copied(struct view *v, const struct segment *s, struct range at, tracker_dirty_fn fn, void *arg);
/* mprotect, within reach. */
int tracker_set_prot(const struct view *v, struct range at, int prot);

#endif
