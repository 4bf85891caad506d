/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See refusal.h. */
#include "refusal.h"

#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fmt.h"
#include "pathroom.h"
#include "sys.h"

static void folder_of(const char *path, char *folder, size_t size)
{
	const char *slash = strrchr(path, '/');

	fmt_print(folder, size, "%s", slash ? path : ".");
	if (slash)
		folder[slash == path ? 1 : slash - path] = '\0';
}

/* By the ids that count for files; where that cannot be asked for, the call itself will tell. */
static int may_write(int dir, const char *folder)
{
	int err = (int)sys_call(SYS_faccessat2, dir, folder, W_OK | X_OK, AT_EACCESS);

	/* Some sandboxes say EPERM of what they do not know; of a folder that may not be changed its attributes tell as well. */
	return err == -ENOSYS || err == -EPERM ? 0 : err;
}

/* What follows `label` in /proc/thread-self/status; NULL: nothing. */
static const char *word_of(const char *status, const char *label)
{
	const char *at = strstr(status, label);

	return at ? at + strlen(label) : NULL;
}

/* The fourth of these ids is the one that counts for files. */
static uint64_t file_id(const char *ids)
{
	char *end = (char *)(uintptr_t)ids;
	uint64_t id = 0;

	for (int i = 0; i < 4; i++)
		id = strtoull(end, &end, 10);
	return id;
}

/* In a folder for all: is it somebody else's? */
static bool is_stuck(const struct statx *folder, const struct statx *file)
{
	const char *ids, *rights;
	PATH_ROOM(status);
	ssize_t n = -1;
	int fd;

	if (!(folder->stx_mode & S_ISVTX))
		return false;
	fd = sys_open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC, 0);
	if (fd >= 0)
		n = sys_read(fd, status, PATH_MAX - 1);
	if (fd >= 0)
		sys_close(fd);
	status[n > 0 ? n : 0] = '\0';
	ids = word_of(status, "\nUid:");
	rights = word_of(status, "\nCapEff:");
	if (!ids || !rights || (strtoull(rights, NULL, 16) & (UINT64_C(1) << CAP_FOWNER)))
		return false;
	return file->stx_uid != file_id(ids) && folder->stx_uid != file_id(ids);
}

int refusal_of(int dir, const char *path)
{
	const uint64_t fixed = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;
	struct statx folder, file;
	PATH_ROOM(name);
	int err;

	folder_of(path, name, PATH_MAX);
	err = may_write(dir, name);
	if (err)
		return err;
	if (sys_call(SYS_statx, dir, name, 0, STATX_BASIC_STATS, &folder) ||
	    sys_call(SYS_statx, dir, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &file))
		return 0;
	if (file.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return -EBUSY;
	return ((folder.stx_attributes | file.stx_attributes) & fixed) || is_stuck(&folder, &file) ? -EPERM : 0;
}
