/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See aside.h. */
#include "aside.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "config.h"
#include "fmt.h"
#include "journal_lock.h"
#include "log.h"
#include "marks.h"
#include "pathroom.h"
#include "sys.h"

#define KEPT_SUFFIX ".bigfile-kept"
#define KEPT_NAMES 100
/* Of a journal that takes the place of another. */
#define LONGEST_SUFFIX ASIDE_SUFFIX JOURNAL_SUFFIX ".new" JOURNAL_SUFFIX

static const size_t suffix_length = sizeof ASIDE_SUFFIX - 1;

int aside_path_of(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (strlen(slash ? slash + 1 : path) + sizeof LONGEST_SUFFIX - 1 > NAME_MAX)
		return -ENAMETOOLONG;
	return fmt_print(out, size, "%s" ASIDE_SUFFIX, path) + 1 >= size ? -ENAMETOOLONG : 0;
}

bool aside_is(const char *path)
{
	size_t n = strlen(path);

	return n > suffix_length && path[n - suffix_length - 1] != '/' && !strcmp(path + n - suffix_length, ASIDE_SUFFIX);
}

bool aside_original(const char *aside, char *path, size_t size)
{
	if (!aside_is(aside) || strlen(aside) - suffix_length + 1 > size)
		return false;
	fmt_print(path, size, "%s", aside);
	path[strlen(aside) - suffix_length] = '\0';
	return true;
}

bool aside_is_marked(const char *path)
{
	PATH_ROOM(original);

	return marks_match(path) || (aside_original(path, original, PATH_MAX) && marks_match(original));
}

int aside_put(const char *path, const char *aside)
{
	return sys_rename_new(path, aside);
}

/* Does a transaction have the file? */
static bool is_in_use(const char *path, const struct stat *file)
{
	char journal[PATH_MAX];
	int fd, err = journal_path_of(path, config.journal_dir, journal, sizeof journal);

	if (!err)
		err = journal_open_locked(journal, file, false, &fd);
	if (!err)
		sys_close(fd);
	return err && err != -ENOENT;
}

/*
 * Does anybody have it open for writing?  Then there is no lease to be had.  Who comes while we have it waits until we let go, and the signal
 * that tells us about him is to reach nobody.
 */
static bool is_being_written(const char *path)
{
	struct f_owner_ex nobody = { F_OWNER_TID, sys_gettid() };
	int err, fd = sys_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);

	if (fd < 0)
		return true;
	err = sys_fcntl(fd, F_SETOWN_EX, (long)&nobody);
	if (!err)
		err = sys_fcntl(fd, F_SETSIG, SIGURG);
	if (!err)
		err = sys_fcntl(fd, F_SETLEASE, F_RDLCK);
	if (!err)
		sys_fcntl(fd, F_SETLEASE, F_UNLCK);
	sys_close(fd);
	return err == -EAGAIN;
}

/* What the transaction has put at the name since then is as if it had never been. */
static bool is_new(const char *path, enum aside_name name, uid_t owner)
{
	struct stat st;

	if (sys_lstat(path, &st) || !S_ISREG(st.st_mode) || st.st_size || st.st_nlink > 1)
		return false;
	/* In a folder for all anybody can put something aside that another's file has the name of. */
	return name == ASIDE_NAME_OURS ||
	       (st.st_uid == owner && (name == ASIDE_NAME_LOCKED || !is_in_use(path, &st)) && !is_being_written(path));
}

static int keep(const char *aside, const char *path)
{
	char kept[PATH_MAX];
	int err = -EEXIST;

	for (unsigned i = 1; i <= KEPT_NAMES && err == -EEXIST; i++) {
		fmt_print(kept, sizeof kept, i > 1 ? "%s" KEPT_SUFFIX ".%u" : "%s" KEPT_SUFFIX, path, i);
		err = sys_rename_new(aside, kept);
	}
	if (!err)
		log_warn("%s: was deleted in a transaction that was rolled back, and another file has its name now: it is kept as %s; "
			 "rename it", path, kept);
	return err;
}

int aside_put_back(const char *aside, enum aside_name name)
{
	char path[PATH_MAX];
	struct stat st;
	int err;

	if (!aside_original(aside, path, sizeof path))
		return -EINVAL;
	err = sys_rename_new(aside, path);
	if (err != -EEXIST)
		return err;
	return !sys_lstat(aside, &st) && is_new(path, name, st.st_uid) ? sys_rename(aside, path) : keep(aside, path);
}

int aside_remove(const char *aside, const struct stat *file)
{
	struct stat st;
	int err = sys_lstat(aside, &st);

	if (err || st.st_ino != file->st_ino || st.st_dev != file->st_dev)
		return err == -ENOENT ? 0 : err;
	err = sys_unlinkat(AT_FDCWD, aside);
	return err == -ENOENT ? 0 : err;
}
