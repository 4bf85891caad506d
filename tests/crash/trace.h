/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was done to the files of a folder, call by call: the record that a power cut is made from.
 *
 * A node is one file that ever was there (an inode); names are events of their own.  A mapped store is seen as the blocks of 512 bytes
 * that differ when the next call is looked at.  A sync covers what was done before it began, and is an event when it returns.
 *
 * Written by record.c (of traced programs) and by inside.c (of recovery in this process).
 */
#ifndef CRASH_TRACE_H
#define CRASH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define TRACE_NODES 256
#define TRACE_FOLDERS 2
#define SECTOR ((size_t)512)

enum event_kind {
	EVENT_WRITE,   /* bytes at offset; none: only the time has changed */
	EVENT_SIZE,    /* the file has the size `offset` now */
	EVENT_NAME,    /* the node has this name */
	EVENT_UNNAME,  /* nobody has this name */
	EVENT_RENAME,  /* from name to other */
	EVENT_SYNC,    /* of a node: all before the event `covers` */
	EVENT_SYNC_FOLDER,
	EVENT_ACK,     /* transaction `offset` was acknowledged */
};

struct event {
	enum event_kind kind;
	unsigned node;
	unsigned folder;
	size_t offset;
	size_t length;
	uint8_t *bytes;
	char *name;    /* without the folder; */
	char *other;
	size_t covers;
	struct timespec modified; /* of the node afterwards */
};

struct trace {
	struct event *events;
	size_t count, room;
	unsigned nodes;
};

/* Adds one; what it points to is copied.  Returns it. */
struct event *trace_add(struct trace *t, struct event e);
/* Forgets the events from `count` on. */
void trace_cut(struct trace *t, size_t count);
/* What the first `from` events of one and then those of another make; they stay theirs, only the array is to be freed. */
void trace_join(struct trace *whole, const struct trace *first, size_t from, const struct trace *then);
void trace_print(const struct trace *t, size_t i);

#endif
