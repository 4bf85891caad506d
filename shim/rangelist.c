/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See rangelist.h. */
#include "rangelist.h"

#include <errno.h>
#include <string.h>

#include "arena.h"

int range_list_add(struct range_list *l, struct range r)
{
	struct range *last = l->count ? &l->ranges[l->count - 1] : NULL;

	if (range_is_empty(r))
		return 0;
	if (last && r.start >= last->start && r.start <= last->end) {
		last->end = max_u64(last->end, r.end);
		return 0;
	}
	if (l->count == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : 64;
		struct range *bigger = arena_alloc(capacity * sizeof *bigger);

		if (!bigger)
			return -ENOMEM;
		if (l->count)
			memcpy(bigger, l->ranges, l->count * sizeof *bigger);
		arena_free(l->ranges, l->capacity * sizeof *bigger);
		l->ranges = bigger;
		l->capacity = capacity;
	}
	l->ranges[l->count++] = r;
	return 0;
}

/* Heap sort: in place, no recursion, no libc allocation behind our back as in qsort. */
static void sift_down(struct range *a, size_t root, size_t n)
{
	for (;;) {
		size_t child = 2 * root + 1;
		struct range swap;

		if (child >= n)
			return;
		if (child + 1 < n && a[child + 1].start > a[child].start)
			child++;
		if (a[root].start >= a[child].start)
			return;
		swap = a[root];
		a[root] = a[child];
		a[child] = swap;
		root = child;
	}
}

static void sort(struct range *a, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(a, i, n);
	for (size_t end = n; end-- > 1;) {
		struct range swap = a[0];

		a[0] = a[end];
		a[end] = swap;
		sift_down(a, 0, end);
	}
}

static bool is_sorted(const struct range *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (a[i].start < a[i - 1].start)
			return false;
	}
	return true;
}

void range_list_normalize(struct range_list *l)
{
	size_t kept = 0;

	if (!is_sorted(l->ranges, l->count))
		sort(l->ranges, l->count);
	for (size_t i = 0; i < l->count; i++) {
		if (kept && l->ranges[i].start <= l->ranges[kept - 1].end)
			l->ranges[kept - 1].end =
				max_u64(l->ranges[kept - 1].end, l->ranges[i].end);
		else
			l->ranges[kept++] = l->ranges[i];
	}
	l->count = kept;
}

size_t range_list_first(const struct range_list *l, uint64_t at)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->ranges[middle].end <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool range_list_meets(const struct range_list *l, struct range r)
{
	size_t i = range_list_first(l, r.start);

	return i < l->count && l->ranges[i].start < r.end;
}

uint64_t range_list_length(const struct range_list *l)
{
	uint64_t total = 0;

	for (size_t i = 0; i < l->count; i++)
		total += l->ranges[i].end - l->ranges[i].start;
	return total;
}

void range_list_free(struct range_list *l)
{
	arena_free(l->ranges, l->capacity * sizeof *l->ranges);
	*l = (struct range_list){ NULL, 0, 0 };
}
