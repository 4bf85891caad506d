/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the fuzzer's transactions end: by msync, fsync and fdatasync, and by the two signals, whose answers it awaits in
 * the control page.  Signals that come before there is a page find nothing to do.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control_page.h"

#define PATIENCE_US 30000000

static struct control_page *page;

static void find_page(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char name[256];
	void *p = MAP_FAILED;
	int fd = -1;

	snprintf(name, sizeof name, "%s/bigfile/%d", runtime, getpid());
	if (runtime)
		fd = open(name, O_RDWR | O_CLOEXEC);
	snprintf(name, sizeof name, "/dev/shm/bigfile-%u/%d", geteuid(), getpid());
	if (fd < 0)
		fd = open(name, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		p = mmap(NULL, CONTROL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		page = p;
}

/* The handler has rung when kill returns: no other thread of ours takes signals. */
static void signal_and_wait(int sig, enum control_op op)
{
	uint32_t ticket;

	if (!page)
		find_page();
	kill(getpid(), sig);
	if (!page)
		return;
	ticket = __atomic_load_n(&page->requested[op], __ATOMIC_SEQ_CST);
	for (int us = 0; __atomic_load_n(&page->answered[op], __ATOMIC_SEQ_CST) != ticket; us += 20) {
		if (us > PATIENCE_US)
			fail("the signal was not answered");
		usleep(20);
	}
	expect(page->results[op][ticket % CONTROL_RESULTS], 0);
}

bool do_commit(void)
{
	struct slot *s = pick_slot();
	int how = (int)draw(on(G_SIGNAL) ? 4 : 3);

	if (plain)
		return false;
	if (how == 0 && !sync_window())
		return false;
	if ((how == 1 || how == 2) && !s)
		return false;
	if (how) {
		say("a commit by %s", how == 1 ? "fsync" : how == 2 ? "fdatasync" : "signal");
		if (how == 3)
			signal_and_wait(SIGUSR1, CONTROL_COMMIT);
		else
			expect(result_of(how == 1 ? fsync(s->fd) : fdatasync(s->fd)), 0);
	}
	model_commit();
	commits++;
	check_file();
	return true;
}

bool do_abort(void)
{
	if (plain)
		return false;
	if (one_in(8))
		check_file();
	say("an abort");
	signal_and_wait(SIGUSR2, CONTROL_ABORT);
	model_abort();
	aborts++;
	check_windows();
	check_file();
	return true;
}
