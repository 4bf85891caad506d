/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See quiet.h. */
#include "quiet.h"

#include "sys.h"

/* Links of /proc/self/task: two that every folder has, and one for each thread; here the engine's and the asker's. */
#define LINKS 4

static int task_fd = -1;
static bool asker_waits;

void quiet_asker(bool waits)
{
	asker_waits = waits;
}

bool quiet_now(void)
{
	struct stat st;

	if (!asker_waits)
		return false;
	if (task_fd < 0)
		task_fd = sys_open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	return task_fd >= 0 && !sys_fstat(task_fd, &st) && st.st_nlink == LINKS;
}

void quiet_after_fork(void)
{
	task_fd = -1;
	asker_waits = false;
}
