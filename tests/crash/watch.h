/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folder that is watched and put back: its marked files, which are nodes 0 to files - 1 and keep their inodes, and
 * whatever else comes and goes there.
 */
#ifndef CRASH_WATCH_H
#define CRASH_WATCH_H

#include <sys/stat.h>

#include "disk.h"
#include "plan.h"

struct watched {
	uint64_t inode;  /* 0: not there now */
	struct timespec changed; /* ctime when it was placed */
	uint64_t shown;  /* the inode that the journals know it by; 0: its own */
};

struct watch {
	const char *folders[TRACE_FOLDERS]; /* absolute, without symbolic links; NULL: none */
	unsigned files;
	bool apart;
	bool unlinks;            /* marked files come and go: all that is placed is made anew */
	size_t limit;            /* of a marked file */
	int fds[PLAN_FILES];
	uint8_t *maps[PLAN_FILES];
	uint64_t folder_inodes[TRACE_FOLDERS];
	unsigned nodes;
	struct watched watched[TRACE_NODES];
	struct state now;        /* contents of marked files as the trace has them */
	struct trace trace;
};

/* Opens the marked files, named f0, f1, ... in the first folder, with the content of the images. */
void watch_start(struct watch *w, const struct plan *p, const char *folder, const char *journals);
/* The same for files that are there already, and may hold anything, or, of those that come and go, not be there; nothing else is deleted. */
void watch_open(struct watch *w, const struct plan *p, const char *folder, const char *journals);
void watch_end(struct watch *w);
/* The state that watching began with. */
void watch_base(const struct watch *w, struct state *s);

/* -1: not one of ours. */
int watch_node(const struct watch *w, uint64_t inode);
int watch_folder(const struct watch *w, uint64_t inode);
unsigned watch_new(struct watch *w, uint64_t inode);
/* The folder that an absolute path lies in, and the name; -1: none of ours. */
int watch_split(const struct watch *w, const char *path, const char **name);
/* Notes what marked files hold that the trace does not say yet. */
void watch_compare(struct watch *w);

/* Is it the name of a marked file, and of which? */
bool watch_is_marked(const char *name, unsigned *i);
/* Where marked file i is: in the first folder, or, of files that lie apart, in the folders by turns. */
const char *watch_folder_of(const struct watch *w, unsigned i);

/* Makes the folders what the state says. */
void watch_place(struct watch *w, const struct state *s);
/* The same, as it was; and what is done from here on is a new trace. */
void watch_resume(struct watch *w, const struct state *s);
/* Deletes what belongs to nobody. */
void watch_clear(struct watch *w);

#endif
