/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A growing list of ranges; neighbours that touch are merged as they are added in order.
 * Memory comes from the arena.  No locks of its own; not for signal handlers.
 */
#ifndef BIGFILE_RANGELIST_H
#define BIGFILE_RANGELIST_H

#include <stdbool.h>
#include <stddef.h>

#include "page.h"

struct range_list {
	struct range *ranges;
	size_t count;
	size_t capacity;
};

/* -ENOMEM: the list is as it was. */
int range_list_add(struct range_list *l, struct range r);
/* Sorts and merges: afterwards no two ranges meet. */
void range_list_normalize(struct range_list *l);
/* The first one that ends behind `at`, or count.  Only of a list that is in order as range_list_normalize leaves it. */
size_t range_list_first(const struct range_list *l, uint64_t at);
/* Does one of them meet r?  The same. */
bool range_list_meets(const struct range_list *l, struct range r);
uint64_t range_list_length(const struct range_list *l);
void range_list_free(struct range_list *l);

#endif
