/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See journal_lock.h. */
#include "journal_lock.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "journal_scan.h"
#include "kernel.h"
#include "marks.h"
#include "network.h"
#include "sys.h"

int journal_path_of(const char *path, const char *dir, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t n;

	if (!dir)
		n = fmt_print(out, size, "%s%s", path, JOURNAL_SUFFIX);
	else
		n = fmt_print(out, size, "%s/%s.%lx%s", dir, slash ? slash + 1 : path,
			      journal_hash(path, strlen(path)), JOURNAL_SUFFIX);
	return n + 1 >= size ? -ENAMETOOLONG : 0;
}

void journal_fresh_path_of(const char *journal, char *out, size_t size)
{
	fmt_print(out, size, "%s.new" JOURNAL_SUFFIX, journal);
}

static int check_trust(int fd, const struct stat *file, struct stat *st)
{
	int err = sys_fstat(fd, st);

	if (err)
		return err;
	if (!S_ISREG(st->st_mode) || st->st_nlink > 1)
		return -EPERM;
	if (st->st_uid != geteuid() && st->st_uid != 0 && st->st_uid != file->st_uid)
		return -EPERM;
	return 0;
}

static int create_journal(const char *path, const struct stat *file)
{
	int fd = sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return fd;
	/* Best effort: an ordinary user cannot give files away, and need not. */
	if (geteuid() != file->st_uid || getegid() != file->st_gid)
		sys_call(SYS_fchown, fd, file->st_uid, file->st_gid);
	/* Its owner may write to it whatever he may do to the file: recovery is his, too. */
	sys_call(SYS_fchmod, fd, (file->st_mode & 0666) | 0600);
	return fd;
}

/* A name may come out of a journal that somebody has made up, and for some devices it matters that they are opened at all. */
static int open_existing(const char *path, const struct stat *file, int flags)
{
	struct stat st;
	int err, fd = marks_is_journal(path) ? sys_open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0) : -EPERM;

	if (fd < 0)
		return fd == -ELOOP ? -EPERM : fd;
	err = check_trust(fd, file, &st);
	if (err) {
		sys_close(fd);
		return err;
	}
	return fd;
}

static int lock_as(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	int err = sys_fcntl(fd, F_OFD_SETLK, (long)&lock);

	return err == -EAGAIN || err == -EACCES ? -EBUSY : err;
}

int journal_share_lock(int fd)
{
	return lock_as(fd, F_RDLCK);
}

/* A journal that its holder deleted while we waited for it has no name any more. */
static bool still_named(int fd, const char *path)
{
	struct stat ours, named;

	return !sys_fstat(fd, &ours) && !sys_lstat(path, &named) && ours.st_ino == named.st_ino &&
	       ours.st_dev == named.st_dev;
}

int journal_open_locked(const char *path, const struct stat *file, bool create, int *fd)
{
	for (;;) {
		int err;

		*fd = open_existing(path, file, O_RDWR);
		if (*fd == -ENOENT && create) {
			*fd = create_journal(path, file);
			if (*fd == -EEXIST)
				continue;
		}
		if (*fd < 0)
			return *fd;
		err = lock_as(*fd, F_WRLCK);
		if (!err && still_named(*fd, path))
			return 0;
		sys_close(*fd);
		if (err)
			return err;
	}
}

int journal_open_unlocked(const char *path, const struct stat *file, int *fd, bool *busy)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err;

	*fd = open_existing(path, file, O_RDONLY);
	if (*fd < 0)
		return *fd;
	err = sys_fcntl(*fd, F_OFD_GETLK, (long)&lock);
	if (err)
		sys_close(*fd);
	*busy = !err && lock.l_type != F_UNLCK;
	return err;
}

int sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd, err;

	fmt_print(folder, sizeof folder, "%s", path);
	if (slash)
		folder[slash == path ? 1 : slash - path] = '\0';
	fd = sys_open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	err = sys_fsync(fd);
	sys_close(fd);
	/* Some file systems have no such thing as syncing a folder. */
	return err == -EINVAL ? 0 : err;
}

int journal_delete(const char *path)
{
	int err = sys_unlinkat(AT_FDCWD, path);

	if (err)
		return err == -ENOENT ? 0 : err;
	return sync_folder_of(path);
}

int journal_discard(int fd, const char *path, bool named)
{
	int err;

	if (network_kind_of(fd) == NETWORK_NONE)
		return named ? journal_delete(path) : sys_unlinkat(AT_FDCWD, path);
	err = sys_ftruncate(fd, 0);
	return err ? err : sys_fsync(fd);
}

/* 0 or -errno. */
static int read_small_file(const char *path, char *buf, size_t size)
{
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t n = fd, total = 0;

	while (fd >= 0 && (n = sys_read(fd, buf + total, size - 1 - (size_t)total)) > 0)
		total += n;
	if (fd >= 0)
		sys_close(fd);
	buf[total] = '\0';
	return n < 0 ? (int)n : 0;
}

int boot_id_read(uint8_t id[16])
{
	char text[64];
	unsigned digits = 0;
	int err = read_small_file("/proc/sys/kernel/random/boot_id", text, sizeof text);

	memset(id, 0, 16);
	for (const char *p = text; !err && *p && digits < 32; p++) {
		unsigned value;

		if (*p >= '0' && *p <= '9')
			value = (unsigned)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			value = (unsigned)(*p - 'a') + 10;
		else
			continue;
		id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | value);
		digits++;
	}
	return err;
}

int64_t boot_time_read(void)
{
	char text[32768];
	const char *line;
	int err = read_small_file("/proc/stat", text, sizeof text);

	if (err)
		return err;
	line = strstr(text, "\nbtime ");
	return line ? strtoll(line + 7, NULL, 10) : 0;
}
