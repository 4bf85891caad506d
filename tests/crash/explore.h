/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Crashes at every event of a trace, recovery after each, and the check of what it left. */
#ifndef CRASH_EXPLORE_H
#define CRASH_EXPLORE_H

#include "inside.h"
#include "oracle.h"

struct explore {
	struct watch *watch;
	struct oracle oracle;
	unsigned samples;          /* power cuts by chance, at each event */
	unsigned deep;             /* one of so many is followed by crashes of its recovery; 0: none */
	unsigned step;             /* not every event, but one of so many on average */
	bool may_leave;            /* journals, under names that no file has any more */
	uint64_t random;
	unsigned long tried, lost;
	void (*report)(struct explore *x, const char *text);
};

/* base: what was there, durably, before the trace; it crashes at its events from number `from` on. */
void explore_trace(struct explore *x, const struct trace *t, const struct state *base, size_t from);

#endif
