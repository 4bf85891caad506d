/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that a thread is of; the thread itself when it has gone. */
#ifndef TESTS_PROCESS_OF_H
#define TESTS_PROCESS_OF_H

#include <stdio.h>
#include <sys/types.h>

static inline pid_t process_of(pid_t thread)
{
	char path[64], line[256];
	int process = thread;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", thread);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f) && sscanf(line, "Tgid: %d", &process) != 1)
		;
	if (f)
		fclose(f);
	return process;
}

#endif
