/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's recovery in this process: every system call of the engine passes here (the linker wraps syscall), so that it is recorded,
 * or ends the process, and so that the engine sees another boot of the machine.
 */
#ifndef CRASH_INSIDE_H
#define CRASH_INSIDE_H

#include "watch.h"

struct inside {
	struct watch *watch;
	bool recording;
	long kill_at;           /* the process ends, with INSIDE_KILLED, before this call; 0: never */
	long calls;
	unsigned boot;          /* 0: the one on which the trace was made */
	time_t boot_time;       /* of the others */
	char said[2048];        /* what the engine has printed */
};

#define INSIDE_KILLED 42

extern struct inside inside;

/* folder: where the files are kept that show another boot. */
void inside_start(struct watch *w, const char *folder, const char *journal_dir);
/* The machine is started again now: nothing that was done so far was done since. */
void inside_reboot(void);
/* Recovers all files that there are, beginning with number `first`.  0 or -errno, with what was said. */
int inside_recover(unsigned first);

#endif
