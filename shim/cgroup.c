/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See cgroup.h.  In a container the path may be one of the host's, of which nothing is mounted but the last folder: that is the mount itself. */
#include "cgroup.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "lines.h"
#include "page.h"
#include "sys.h"

/* What a file says; "max", or nothing: no limit. */
static uint64_t read_limit(const char *path)
{
	char text[32] = "";
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	uint64_t limit;

	if (fd < 0)
		return UINT64_MAX;
	sys_read(fd, text, sizeof text - 1);
	sys_close(fd);
	limit = strtoull(text, NULL, 10);
	return limit ? limit : UINT64_MAX;
}

/* Of the group at `path` below `mount`, and of all above it. */
static uint64_t limit_along(const char *mount, const char *path, const char *file)
{
	char folder[PATH_MAX], name[PATH_MAX];
	size_t root = strlen(mount);
	uint64_t limit = UINT64_MAX;

	if (fmt_print(folder, sizeof folder, "%s%s", mount, path) + 1 >= sizeof folder)
		return UINT64_MAX;
	for (;;) {
		char *slash = strrchr(folder, '/');

		fmt_print(name, sizeof name, "%s/%s", folder, file);
		limit = min_u64(limit, read_limit(name));
		if (strlen(folder) <= root || !slash)
			return limit;
		*slash = '\0';
	}
}

/* Is it among the words before the colon? */
static bool has_memory(const char *controllers)
{
	static const char word[] = "memory";

	for (const char *at = controllers; at && *at && *at != ':'; at = strpbrk(at, ",:"), at += at && *at == ',') {
		if (!strncmp(at, word, sizeof word - 1) && strchr(",:", at[sizeof word - 1]))
			return true;
	}
	return false;
}

/* A line of /proc/self/cgroup: number, controllers, path. */
static uint64_t limit_of_line(const char *line)
{
	const char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path)
		return UINT64_MAX;
	if (has_memory(controllers + 1))
		return limit_along("/sys/fs/cgroup/memory", path + 1, "memory.limit_in_bytes");
	return strncmp(line, "0::", 3) ? UINT64_MAX : limit_along("/sys/fs/cgroup", path + 1, "memory.max");
}

uint64_t cgroup_memory_limit(void)
{
	struct lines l;
	uint64_t limit = UINT64_MAX;

	if (lines_open(&l, "/proc/self/cgroup"))
		return limit;
	for (const char *line; (line = lines_next(&l));)
		limit = min_u64(limit, limit_of_line(line));
	lines_close(&l);
	return limit;
}
