/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a program, all of whose threads and children are traced, and tells of each of their system calls: before it is made, and when it
 * has returned.  Whoever is told may have all of them killed there and then.
 */
#ifndef CRASH_TRACER_H
#define CRASH_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct call {
	pid_t thread;
	pid_t process;
	uint64_t number;
	uint64_t args[6];
	int64_t result;  /* once it has returned */
	size_t mark;     /* for who is told */
};

struct tracer {
	/* False: all are killed now. */
	bool (*entered)(struct tracer *t, struct call *c);
	bool (*left)(struct tracer *t, struct call *c);
	void *arg;
	pid_t first;     /* the process that was started */
	const char *output; /* where stderr goes; stdout goes nowhere.  NULL: as here */
};

/* The exit status of the first process; 128 + the signal that ended it; -1: killed here. */
int tracer_run(struct tracer *t, char **argv, char **environment);
bool tracer_read(pid_t thread, uint64_t at, void *to, size_t length);
/* A path that a call was given. */
void tracer_read_path(pid_t thread, uint64_t at, char *path, size_t size);

#endif
