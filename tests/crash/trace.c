/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See trace.h. */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct event *trace_add(struct trace *t, struct event e)
{
	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : 256;
		t->events = realloc(t->events, t->room * sizeof *t->events);
	}
	if (e.bytes)
		e.bytes = memcpy(malloc(e.length), e.bytes, e.length);
	if (e.name)
		e.name = strdup(e.name);
	if (e.other)
		e.other = strdup(e.other);
	t->events[t->count] = e;
	return &t->events[t->count++];
}

void trace_cut(struct trace *t, size_t count)
{
	while (t->count > count) {
		struct event *e = &t->events[--t->count];

		free(e->bytes);
		free(e->name);
		free(e->other);
	}
}

void trace_join(struct trace *whole, const struct trace *first, size_t from, const struct trace *then)
{
	whole->count = whole->room = from + then->count;
	whole->events = malloc((whole->count + 1) * sizeof *whole->events);
	if (from)
		memcpy(whole->events, first->events, from * sizeof *whole->events);
	if (then->count)
		memcpy(whole->events + from, then->events, then->count * sizeof *whole->events);
	for (size_t i = from; i < whole->count; i++)
		whole->events[i].covers += from;
}

void trace_print(const struct trace *t, size_t i)
{
	const struct event *e = &t->events[i];

	switch (e->kind) {
	case EVENT_WRITE:
		printf("#%zu write to node %u: %zu bytes at %zu\n", i, e->node, e->length, e->offset);
		break;
	case EVENT_SIZE:
		printf("#%zu node %u gets the size %zu\n", i, e->node, e->offset);
		break;
	case EVENT_NAME:
		printf("#%zu node %u is named %s\n", i, e->node, e->name);
		break;
	case EVENT_UNNAME:
		printf("#%zu %s is deleted\n", i, e->name);
		break;
	case EVENT_RENAME:
		printf("#%zu %s is renamed to %s\n", i, e->name, e->other);
		break;
	case EVENT_SYNC:
		printf("#%zu node %u synced, up to #%zu\n", i, e->node, e->covers);
		break;
	case EVENT_SYNC_FOLDER:
		printf("#%zu folder %u synced, up to #%zu\n", i, e->folder, e->covers);
		break;
	case EVENT_ACK:
		printf("#%zu acknowledged: %zu\n", i, e->offset);
		break;
	}
}
