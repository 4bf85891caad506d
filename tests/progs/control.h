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
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control_page.h"

/* Of a process that had this number before, and was killed, there may be a page too: it has another start time. */
static unsigned long long control_start_time(int pid)
{
	char text[1024] = "", *p;
	int fd;

	snprintf(text, sizeof text, "/proc/%d/stat", pid);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	text[fd < 0 || read(fd, text, sizeof text - 1) < 0 ? 0 : sizeof text - 1] = 0;
	close(fd);
	p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) : 0;
}

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
	if (p == MAP_FAILED || ((struct control_page *)p)->start_time != control_start_time(pid))
		return NULL;
	return p;
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
