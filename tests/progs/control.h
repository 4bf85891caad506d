/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For test programs that commit or roll back by a signal and must know when it is done: the control page of a process,
 * read as `bigfile commit` reads it.
 */
#ifndef TEST_CONTROL_H
#define TEST_CONTROL_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control_page.h"

/* NULL as long as the process has no marked file in use. */
static struct control_page *control_page_of(int pid)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char name[256];
	void *p = MAP_FAILED;
	int fd = -1;

	snprintf(name, sizeof name, "%s/bigfile/%d", runtime, pid);
	if (runtime)
		fd = open(name, O_RDWR | O_CLOEXEC);
	snprintf(name, sizeof name, "/dev/shm/bigfile-%u/%d", geteuid(), pid);
	if (fd < 0)
		fd = open(name, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		p = mmap(NULL, CONTROL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* Sends the signal and waits until it was heard and answered: its result, or 1 after half a minute. */
static int control_by_signal(struct control_page *page, int pid, int sig, enum control_op op)
{
	uint32_t before = __atomic_load_n(&page->requested[op], __ATOMIC_SEQ_CST);

	kill(pid, sig);
	for (int us = 0; us < 30000000; us += 20) {
		uint32_t ticket = __atomic_load_n(&page->requested[op], __ATOMIC_SEQ_CST);

		if (ticket != before && __atomic_load_n(&page->answered[op], __ATOMIC_SEQ_CST) == ticket)
			return page->results[op][ticket % CONTROL_RESULTS];
		usleep(20);
	}
	return 1;
}

#endif
