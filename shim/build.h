/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building the record of one view: dirty pages in, differing bytes out.
 *
 * The first copy of a page logs only the bytes that differ from the file.  Later copies in the same record log the
 * whole page: a byte that went back to the file's value would not differ, yet must override.  Pages come in
 * passes of ascending offsets; what was taken in an earlier pass is remembered.
 *
 * A page that was taken is clean for the tracker.  When the commit fails, build_end notes all of them in
 * v->carried, so that the next commit or abort finds them again.
 *
 * Engine thread, under the session lock.
 */
#ifndef BIGFILE_BUILD_H
#define BIGFILE_BUILD_H

#include "view.h"

struct build {
	struct view *view;
	bool begun;               /* there is a record in the journal's making */
	bool prepared;            /* it is written, as a prepared record that is not decided yet */
	int error;                /* the first one; pages are only noted from then on */
	struct range run;         /* differing bytes not yet logged: file offsets */
	const uint8_t *run_at;
	struct range_list logged; /* pages with such bytes: file offsets */
	struct range_list exact;  /* the bytes that are logged: file offsets; */
	bool inexact;             /* or they are too many to be told one by one */
	struct range_list before; /* pages taken in earlier passes, in order */
	struct range_list now;    /* and in this one */
	uint64_t pages;
};

/* Makes v->build and takes what an earlier failure carried over. */
int build_start(struct view *v);
/* Takes dirty pages; the form of tracker_dirty_fn.  Returns 0: errors stay in the build. */
int build_take(void *arg, struct view *v, const struct segment *s, struct range at);
/* The same for pages, by file offset, that were copied to `now`. */
void build_take_copy(struct view *v, struct range pages, const uint8_t *now);
/* Logs what is still held back. */
void build_flush(struct build *b);
/* The bytes that the record is about, in order: file offsets, not beyond the end.  NULL: they are too many. */
const struct range_list *build_exact(struct build *b);
/* Is there anything to commit in this view? */
bool build_has_changes(const struct build *b);
/* Frees v->build; when the commit failed, everything taken is dirty again. */
void build_end(struct view *v, bool committed);

/* Calls fn for all pages that an earlier failure carried over. */
typedef int (*build_range_fn)(void *arg, struct view *v, const struct segment *s, struct range at);
int build_each_carried(struct view *v, build_range_fn fn, void *arg);

#endif
