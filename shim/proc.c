/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See proc.h. */
#include "proc.h"

#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "folder.h"
#include "sys.h"

#define EXITING 4 /* the flag PF_EXITING of a task */

bool proc_exists(uint32_t pid)
{
	return sys_call(SYS_kill, pid, 0) != -ESRCH;
}

/* Fields of /proc/PID/stat behind the name, which may contain anything: the first is 3. */
static const char *stat_fields(uint32_t pid, char *text, size_t size)
{
	char path[32], *p;
	ssize_t n;
	int fd;

	fmt_print(path, sizeof path, "/proc/%u/stat", pid);
	fd = proc_exists(pid) ? sys_open(path, O_RDONLY | O_CLOEXEC, 0) : -ESRCH;
	n = fd < 0 ? 0 : sys_read(fd, text, size - 1);
	if (fd >= 0)
		sys_close(fd);
	text[n > 0 ? n : 0] = '\0';
	p = strrchr(text, ')');
	return p && p[1] == ' ' ? p + 2 : NULL;
}

static const char *field(const char *fields, int number)
{
	for (int i = 3; fields && i < number; i++) {
		fields = strchr(fields, ' ');
		fields = fields ? fields + 1 : NULL;
	}
	return fields;
}

uint64_t proc_start_time(uint32_t pid)
{
	char text[1024];
	const char *p = field(stat_fields(pid, text, sizeof text), 22);

	return p ? strtoull(p, NULL, 10) : 0;
}

bool proc_thread_runs(uint32_t tid)
{
	char text[1024];
	const char *fields = stat_fields(tid, text, sizeof text), *flags = field(fields, 9);

	if (!flags)
		return proc_exists(tid);
	return fields[0] != 'Z' && fields[0] != 'X' && !(strtoul(flags, NULL, 10) & EXITING);
}

bool proc_is_alive(uint32_t pid, uint64_t start_time)
{
	char text[1024];
	const char *fields = stat_fields(pid, text, sizeof text), *threads = field(fields, 20),
		   *started = field(fields, 22);

	/* No descriptor to be had, no /proc here: that says nothing about it. */
	if (!started)
		return proc_exists(pid);
	if (start_time && strtoull(started, NULL, 10) != start_time)
		return false;
	/* Its first thread may have ended long before the others. */
	return (fields[0] != 'Z' && fields[0] != 'X') || strtoul(threads, NULL, 10) > 1;
}

bool proc_is_stopped(uint32_t pid)
{
	char text[1024];
	const char *fields = stat_fields(pid, text, sizeof text);

	return fields && fields[0] == 'T';
}

uint64_t proc_max_map_count(void)
{
	char text[32] = "";
	int fd = sys_open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC, 0);

	if (fd >= 0) {
		sys_read(fd, text, sizeof text - 1);
		sys_close(fd);
	}
	return text[0] ? strtoull(text, NULL, 10) : 65530;
}

static int call_for(void *fn, const char *name)
{
	uint32_t tid = (uint32_t)strtoul(name, NULL, 10);

	if (tid)
		(*(void (**)(uint32_t))fn)(tid);
	return 0;
}

void proc_each_thread(void (*fn)(uint32_t tid))
{
	int fd = sys_open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	folder_each(fd, call_for, &fn);
	sys_close(fd);
}

/* The fifth word of a line is the inode's number. */
#define INODE_WORD 4

struct maps_reader {
	unsigned word;
	uint64_t number;
};

/* Takes one character; true when it ends a line's number that is `inode`. */
static bool take(struct maps_reader *r, char c, uint64_t inode)
{
	bool ends = r->word == INODE_WORD && (c == ' ' || c == '\n'), found = ends && r->number == inode;

	if (r->word == INODE_WORD && !ends)
		r->number = r->number * 10 + (uint64_t)(c - '0');
	else if (c == ' ' && r->word <= INODE_WORD)
		r->word++;
	if (c == '\n')
		*r = (struct maps_reader){ 0, 0 };
	return found;
}

bool proc_maps(uint32_t pid, uint64_t inode)
{
	struct maps_reader r = { 0, 0 };
	char path[32], text[1024];
	bool found = false;
	ssize_t n = 1;
	int fd;

	fmt_print(path, sizeof path, "/proc/%u/maps", pid);
	fd = proc_exists(pid) ? sys_open(path, O_RDONLY | O_CLOEXEC, 0) : -ESRCH;
	if (fd < 0)
		return proc_exists(pid);
	while (!found && n > 0) {
		n = sys_read(fd, text, sizeof text);
		for (ssize_t i = 0; i < n && !found; i++)
			found = take(&r, text[i], inode);
	}
	sys_close(fd);
	return found || (n < 0 && proc_exists(pid));
}
