/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who changes marked files: with BIGFILE_BLAME the call stack of the first store to each page of a transaction, and of each
 * call that changes a file, is counted in a file that bigfile blame reads (blame_format.h).
 *
 * Without it each of these functions is a test of one variable.  With it stores must fault, so the tracker is mprotect.
 * Any thread, signal handlers too, under no lock but the session lock; the view is in hand.  The blame lock is the last one.
 */
#ifndef BIGFILE_BLAME_H
#define BIGFILE_BLAME_H

#include <signal.h>
#include <stdbool.h>

#include "blame_format.h"
#include "view.h"

extern bool blame_on;

/* While the program starts, in its only thread. */
void blame_start(void);
void blame_before_fork(void);
void blame_after_fork(bool in_child);

void blame_note(const struct view *v, enum blame_kind kind, uint64_t start, uint64_t length, void *context);
void blame_note_fault(const struct view *v, const siginfo_t *info, void *context);

/* A store to a page was let through. */
static inline void blame_store(const struct view *v, uint64_t page, void *context)
{
	if (__builtin_expect(blame_on, false))
		blame_note(v, BLAME_STORE, view_offset_at(v, page), page_size(), context);
}

/* The kernel is about to store to these addresses. */
static inline void blame_buffer(const struct view *v, struct range at)
{
	if (__builtin_expect(blame_on, false))
		blame_note(v, BLAME_BUFFER, view_offset_at(v, at.start), at.end - at.start, NULL);
}

/* A call has changed the file, or its size. */
static inline void blame_call(const struct view *v, enum blame_kind kind, uint64_t start, uint64_t length)
{
	if (__builtin_expect(blame_on, false))
		blame_note(v, kind, start, length, NULL);
}

/* A fault that ends the process; v NULL: in no view. */
static inline void blame_fault(const struct view *v, const siginfo_t *info, void *context)
{
	if (__builtin_expect(blame_on, false))
		blame_note_fault(v, info, context);
}

#endif
