/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows: the mappings that the program asked for, as it knows them.
 *
 * Several windows may lie on the same addresses, because all windows of a file look into its one
 * view; each page then may be used as its most generous window allows.  Addresses are in
 * bytes, ranges half-open, ends on page borders.
 *
 * Changing a table needs the session lock and the window lock, reading it either of them: the fault
 * handler reads under the window lock.
 */
#ifndef BIGFILE_WINDOW_H
#define BIGFILE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "page.h"

struct window {
	struct range at;
	int prot;       /* PROT_*, as last asked for */
	bool may_write; /* mapped from a descriptor that could write */
};

struct window_table {
	struct window *windows; /* newest last */
	size_t count;
	size_t capacity;
};

/* Makes sure that the next `more` changes cannot fail.  It may move the table: under the window lock (view_reserve_windows). */
int window_reserve(struct window_table *t, size_t more);

void window_add(struct window_table *t, struct window w);

/*
 * munmap: each page of `at` loses one window - of several, one that allows no more than the others: the
 * addresses do not tell which the program means, and allowing too much harms nobody.
 */
void window_remove(struct window_table *t, struct range at);

/*
 * mprotect: changes one window of each page of `at`, chosen in the same way.  -EACCES, and nothing changes, when
 * there is a page without a window that may write, and prot asks for it.
 */
int window_protect(struct window_table *t, struct range at, int prot);

/* Has every page of `at` a window that may be made writable? */
bool window_may_write(const struct window_table *t, struct range at);

/*
 * What the windows at addr allow together, 0 where there is none; *end is where that changes,
 * at most limit.
 */
int window_prot(const struct window_table *t, uint64_t addr, uint64_t limit, uint64_t *end);
/* The same, and how many windows there are. */
unsigned window_count(const struct window_table *t, uint64_t addr, uint64_t limit, uint64_t *end, int *prot);

/* Is every page of `at` in a window?  What msync and mprotect ask before they answer ENOMEM. */
bool window_covers(const struct window_table *t, struct range at);

/* mremap: takes off what lies at `at`, in one or more windows, and tells what it allowed. */
struct window window_take(struct window_table *t, struct range at);

#endif
