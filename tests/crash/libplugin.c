/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a racer loads and throws out again: uses marked files, and has handlers of faults while it is there.  Sometimes it goes and leaves
 * them behind, and its window too.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "racer.h"

const char *plugin_use(const char *name, uint64_t random);

static struct sigaction before[2];
static bool leaves_it;

static void on_fault(int sig)
{
	_exit(97);
}

__attribute__((constructor)) static void start(void)
{
	struct sigaction act = { .sa_handler = on_fault };

	sigaction(SIGSEGV, &act, &before[0]);
	sigaction(SIGBUS, &act, &before[1]);
}

__attribute__((destructor)) static void end(void)
{
	if (leaves_it)
		return;
	sigaction(SIGSEGV, &before[0], NULL);
	sigaction(SIGBUS, &before[1], NULL);
}

/* NULL, or what has failed. */
const char *plugin_use(const char *name, uint64_t random)
{
	int fd = open(name, O_RDWR | O_CLOEXEC);
	uint64_t page = random % (SCRATCH_SIZE / PAGE);
	char *p;

	if (fd < 0)
		return "open";
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(SCRATCH + page * PAGE));
	close(fd);
	if (p == MAP_FAILED)
		return "mmap";
	for (int i = 0; i < PAGE; i += 64)
		p[i] = (char)random;
	leaves_it = random >> 32 & 1;
	if (random >> 33 & 1 && msync(p, PAGE, MS_SYNC))
		return "msync";
	return random >> 34 & 1 ? NULL : munmap(p, PAGE) ? "munmap" : NULL;
}
