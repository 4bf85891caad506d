/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All states that a plan's files go through, and which one those that are watched are in. */
#ifndef CRASH_ORACLE_H
#define CRASH_ORACLE_H

#include "watch.h"

struct oracle {
	unsigned files;
	bool unlinks;              /* its files come and go */
	unsigned count;            /* states 0 to count - 1 */
	struct plan_image *states; /* the files of state 0, those of state 1, ... */
};

/* Goes on to the plan's transaction `last`. */
void oracle_start(struct oracle *o, struct plan *p, unsigned last);
/* The number of the state, of those from `from` to `to`; -1: none of them. */
int oracle_find(const struct oracle *o, const struct watch *w, unsigned from, unsigned to);
/* Whether any journal is there, or a file aside, and its name. */
bool oracle_sees_journal(const struct watch *w, char *name, size_t size);
/*
 * What is wrong with what recovery has left when `acknowledged` was the last transaction known to be committed; false: nothing.
 * leaves: a journal may be there.
 */
bool oracle_objects(const struct oracle *o, const struct watch *w, unsigned acknowledged, bool leaves, char *text, size_t size);

#endif
