/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See opening.h.  Recovery opens and closes the marked file, which would drop the POSIX locks that this process
 * has on it: so it runs in the engine thread, whose descriptors are its own.
 */
#include "opening.h"

#include <limits.h>
#include <stdlib.h>

#include "aside.h"
#include "blame.h"
#include "config.h"
#include "engine.h"
#include "fmt.h"
#include "log.h"
#include "marks.h"
#include "network.h"
#include "pathroom.h"
#include "restore.h"
#include "session.h"
#include "sys.h"
#include "viewio.h"

#define CREATE_WAIT_MS 100
#define POLL_MS 5

struct job {
	const char *path;
	struct recovery report;
};

static int recover_job(void *arg)
{
	struct job *j = arg;

	return restore_for_reading(j->path, &j->report);
}

/*
 * From the moment it is open the file must be known as ours: whoever writes it first, before or after, then shares its transaction with
 * us, and what we read is never older than that.  vacated: another file was unlinked here in a transaction that has not ended: should it come
 * back, it must not take the place of this one unless that is part of the same transaction.
 */
static int make_known(int fd, bool vacated)
{
	int mode = sys_fcntl(fd, F_GETFL, 0), err;
	IN_HAND struct view *v = NULL;

	vacated &= mode >= 0 && (mode & O_ACCMODE) != O_RDONLY;
	if (mode < 0 || (mode & O_PATH) || (!vacated && (config.view == VIEW_KIND_PRIVATE || (mode & O_ACCMODE) == O_WRONLY)))
		return 0;
	/* From another machine it can be changed between what the program reads and what it writes then: the lease comes first. */
	err = session_view_of(fd, vacated || ((mode & O_ACCMODE) == O_RDWR && network_kind_of(fd) != NETWORK_NONE), &v);
	/* He who has just set the other one aside has not moved its journal yet: the first write tries again. */
	return err == NOT_OURS || (vacated && err == -EBUSY) ? 0 : err;
}

/* -EBUSY: somebody else has the file, or is recovering it. */
static int try_to_recover(const char *path)
{
	struct job j = { .path = path };
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC);
	int err;

	do {
		err = engine_run(recover_job, &j);
	} while ((err == -EACCES || err == -EBUSY) && j.report.awaited && session_waits(start));

	/* Or it is being deleted just now. */
	if (err == -EBUSY || err == -ENOENT)
		return err == -EBUSY ? err : 0;
	if (err)
		recover_explain(path, &j.report, err);
	if (err && config.on_error == ON_ERROR_WARN) {
		log_warn("%s: opened WITHOUT recovery, as BIGFILE_ON_ERROR=warn allows", path);
		return 0;
	}
	return err;
}

static int recover_now(const char *path)
{
	int err = try_to_recover(path);

	/* A living writer: we join it, or read next to it; also when it applies a commit for longer than we wait. */
	return err == -EBUSY ? 0 : err;
}

void opening_full_path(int dirfd, const char *path, char *full, size_t size)
{
	if (path[0] == '/' || dirfd == AT_FDCWD)
		fmt_print(full, size, "%s", path);
	else
		fmt_print(full, size, "/proc/thread-self/fd/%d/%s", dirfd, path);
}

int opening_prepare(int dirfd, const char *path)
{
	struct stat st;
	int err, saved = errno;

	if (!path || !marks_may_match(path) || !session_is_here())
		return 0;

	PATH_ROOM(full);
	PATH_ROOM(real);

	opening_full_path(dirfd, path, full, PATH_MAX);
	if (!realpath(full, real)) {
		opening_brings_back(dirfd, path);
		errno = saved;
		return 0;
	}
	/* The view of a file that is in use here is the truth already. */
	if (!marks_match(real) || !restore_is_needed(real) ||
	    sys_stat(real, &st) || view_exists(st.st_dev, st.st_ino)) {
		errno = saved;
		return 0;
	}
	err = recover_now(real);
	errno = saved;
	return err;
}

/* -ENOENT: nobody is aside from path, or he is ours.  -EBUSY: he is somebody else's. */
static int bring_back(int dirfd, const char *path)
{
	struct stat st;
	int err;

	if (!path || !marks_may_match(path) || !session_is_here())
		return -ENOENT;

	PATH_ROOM(full);
	PATH_ROOM(aside);
	PATH_ROOM(real);
	PATH_ROOM(name);

	opening_full_path(dirfd, path, full, PATH_MAX);
	/* In most cases that is all. */
	if (aside_path_of(full, aside, PATH_MAX) || sys_lstat(aside, &st))
		return -ENOENT;
	if (!realpath(aside, real) || !aside_original(real, name, PATH_MAX) || !marks_match(name) || view_exists(st.st_dev, st.st_ino))
		return -ENOENT;
	err = try_to_recover(name);
	/* Whatever has the name by now is there. */
	return !err || err == -EBUSY ? (sys_lstat(name, &st) ? (err ? err : -ENOENT) : 0) : err;
}

bool opening_brings_back(int dirfd, const char *path)
{
	int saved = errno, err = bring_back(dirfd, path);

	errno = saved;
	return !err;
}

void opening_to_create(int dirfd, const char *path)
{
	int saved = errno;

	/* Who is only recovering it has soon done so; a transaction may take long. */
	for (unsigned ms = 0; bring_back(dirfd, path) == -EBUSY && ms < CREATE_WAIT_MS; ms += POLL_MS)
		sys_sleep_ms(POLL_MS);
	errno = saved;
}

bool opening_may_be_ours(int dirfd, const char *path)
{
	struct stat st;

	if (!path || !session_is_here())
		return false;
	if (marks_may_match(path))
		return true;
	/* Under another name it could still be a marked file, or one that has a view. */
	if (sys_call(SYS_newfstatat, dirfd, path, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	return S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink > 1 && view_exists(st.st_dev, st.st_ino));
}

/* As the kernel would have done it while opening. */
static int cut_plain(int fd)
{
	char link[64];
	struct stat st;
	int err = sys_fstat(fd, &st);

	if (err || !S_ISREG(st.st_mode))
		return err;
	/* By name, because fd itself may be for reading only. */
	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", fd);
	err = sys_ftruncate(fd, 0);
	return err == -EINVAL || err == -EBADF ? (int)sys_call(SYS_truncate, link, 0) : err;
}

static int cut_marked(int fd, bool has_view)
{
	struct stat st;
	IN_HAND struct view *v = NULL;
	int err = sys_fstat(fd, &st);

	/* A new file, most often. */
	if (err || (!has_view && st.st_size == 0))
		return err;
	err = session_view_of(fd, true, &v);
	if (err)
		return err == NOT_OURS ? cut_plain(fd) : err;
	err = viewio_resize(v, 0);
	if (!err)
		blame_call(v, BLAME_TRUNCATE, 0, 0);
	return err;
}

/* What came back has taken the place of the empty file that fd is of. */
static bool has_lost_name(int fd, const char *name)
{
	struct stat ours, now;

	return !sys_fstat(fd, &ours) && !sys_lstat(name, &now) && (ours.st_ino != now.st_ino || ours.st_dev != now.st_dev);
}

static bool is_vacated(const char *name)
{
	PATH_ROOM(aside);
	struct stat st;

	return !aside_path_of(name, aside, PATH_MAX) && !sys_lstat(aside, &st);
}

int opening_done(int fd, bool cut)
{
	bool marked, has_view, vacated = false;
	PATH_ROOM(name);
	int err, saved = errno;

	err = session_is_marked(fd, name, &marked, &has_view);
	if (!err && marked && !has_view && restore_is_needed(name)) {
		bool had_lost_name = has_lost_name(fd, name);

		err = recover_now(name);
		if (!err && !had_lost_name && has_lost_name(fd, name))
			err = OPENING_AGAIN;
		vacated = !err && is_vacated(name);
	}
	if (!err && marked && !has_view)
		err = make_known(fd, vacated);
	if (!err && cut)
		err = marked ? cut_marked(fd, has_view) : cut_plain(fd);
	errno = saved;
	return err;
}
