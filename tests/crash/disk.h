/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a disk holds for certain, what it may hold besides, and what it has after a crash.
 *
 * A disk takes the events of a trace in order.  What a sync has covered is durable; the rest is pending, and after a power cut any
 * part of it may be there: calls are lost one by one, a write may be torn at 512 bytes, names of a folder are lost from some point on
 * or, rarely, one by one.
 */
#ifndef CRASH_DISK_H
#define CRASH_DISK_H

#include "trace.h"

#define DISK_NAMES 64

struct content {
	uint8_t *at;
	size_t size;
	size_t room;
	struct timespec modified;
};

struct name {
	unsigned folder;
	unsigned node;
	char *text;
};

/* Files and their names, at one moment. */
struct state {
	unsigned nodes;
	struct content contents[TRACE_NODES];
	unsigned name_count;
	struct name names[DISK_NAMES];
};

struct disk {
	struct state durable;
	size_t *pending; /* indices of events of the trace, in order */
	size_t pending_count, pending_room;
};

enum crash_kind {
	CRASH_KILL,     /* all that was done is there, and the machine runs on */
	CRASH_ALL,      /* power cuts: all, nothing, */
	CRASH_NOTHING,
	CRASH_CALLS,    /* some calls, */
	CRASH_TORN,     /* some calls, one of them in part */
	CRASH_SECTORS,  /* any sectors */
	CRASH_NODES,    /* of some files all, of the others nothing */
	CRASH_BUT_ONE,  /* all but one call */
	CRASH_KINDS,
};

void state_copy(struct state *to, const struct state *from);
void state_free(struct state *s);
/* No file has been modified after that second. */
void state_no_later(struct state *s, time_t newest);
/* -1: there is none. */
int state_find(const struct state *s, unsigned folder, const char *name);
void state_apply(struct state *s, const struct event *e);

/* Takes event i, which is the next. */
void disk_take(struct disk *d, const struct trace *t, size_t i);
void disk_copy(struct disk *to, const struct disk *from);
void disk_free(struct disk *d);
/* What is there after a crash of this kind now. */
void disk_crash(const struct disk *d, const struct trace *t, enum crash_kind kind, uint64_t *random, struct state *s);

#endif
