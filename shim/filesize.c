/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See filesize.h. */
#include "filesize.h"

#include <linux/falloc.h>
#include <sys/sysmacros.h>

#include "blame.h"
#include "engine.h"
#include "resize.h"
#include "session.h"
#include "shared.h"
#include "session_lock.h"
#include "sys.h"
#include "viewio.h"

#define RECENT_SECONDS 2

static int cut(struct view *v, uint64_t size)
{
	int err = viewio_resize(v, size);

	if (!err)
		blame_call(v, BLAME_TRUNCATE, size, 0);
	return err;
}

int64_t filesize_truncate(int fd, int64_t size)
{
	int64_t answer;
	int flags;
	IN_HAND struct view *v = size < 0 ? NULL : fileops_write_view(fd, &flags, &answer);

	if (size < 0)
		return FILEOPS_NOT_OURS;
	/* Some programs do this after every record. */
	if (v && shared_size(v) == (uint64_t)size)
		return 0;
	return v ? cut(v, (uint64_t)size) : answer;
}

/*
 * Opening for the moment of the job would be enough, but the program's table is the only one that session_view_of
 * looks into; O_PATH descriptors hold no locks.
 */
static int view_of_path(const char *path, struct view **v)
{
	int err, fd = sys_open(path, O_PATH | O_CLOEXEC, 0);

	if (fd < 0)
		return NOT_OURS;
	fds_forget(fd);
	err = session_view_of(fd, true, v);
	fds_forget(fd);
	sys_close(fd);
	return err;
}

int64_t filesize_truncate_path(const char *path, int64_t size)
{
	IN_HAND struct view *v = NULL;
	int err;

	/* The kernel knows how to refuse these. */
	if (size < 0 || sys_call(SYS_faccessat, AT_FDCWD, path, W_OK))
		return FILEOPS_NOT_OURS;
	err = view_of_path(path, &v);
	if (err)
		return err < 0 ? err : FILEOPS_NOT_OURS;
	return cut(v, (uint64_t)size);
}

static int zero_range(struct view *v, uint64_t start, uint64_t end, bool keep_size)
{
	int err = 0;

	if (!keep_size)
		err = viewio_grow(v, end);
	if (!err)
		err = viewio_lock(v, start, min_u64(end, shared_size(v)));
	if (err)
		return err;
	end = min_u64(end, v->size);
	if (start < end)
		err = viewio_write(v, start, NULL, end - start);
	viewio_touch(v);
	session_lock_release();
	return err;
}

struct shift {
	struct view *view;
	struct range range;
	bool insert;
};

/* A job, so that the size cannot change under it.  What follows the range moves: away from zeros, or onto it. */
static int shift_job(void *arg)
{
	const struct shift *s = arg;
	struct view *v = s->view;
	uint64_t start = s->range.start, end = s->range.end, size = v->size, length = end - start;
	int err = 0;

	if (s->insert ? start >= size : end >= size)
		return -EINVAL;
	if (s->insert && (size > INT64_MAX - length || viewio_limit(v, (int64_t)size, (int64_t)length) < (int64_t)length))
		return -EFBIG;
	if (s->insert)
		err = view_resize(v, size + length);
	if (!err)
		err = viewio_reach(v, start, v->size);
	if (err)
		return err;
	err = s->insert ? viewio_move(v, end, start, size - start) : viewio_move(v, start, end, size - end);
	if (!err)
		err = s->insert ? viewio_write(v, start, NULL, length) : view_resize(v, size - length);
	viewio_touch(v);
	return err;
}

/* Takes the range out, or puts as many zeros in. */
static int shift(struct view *v, struct range range, bool insert)
{
	struct shift s = { v, range, insert };

	if (range.start % page_size() || range.end % page_size())
		return -EINVAL;
	/* A forked child has no engine. */
	if (v->mode == VIEW_ORPHAN)
		return -EOPNOTSUPP;
	return (int)viewio_ended(engine_run(shift_job, &s), shared_size(v) + (range.end - range.start));
}

static int allocate(struct view *v, int mode, uint64_t start, uint64_t end)
{
	switch (mode) {
	case 0:
		return viewio_grow(v, end);
	case FALLOC_FL_KEEP_SIZE: /* space beyond the end is found when what is written there is committed, not before */
	case FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE:
		return 0;
	case FALLOC_FL_UNSHARE_RANGE:
		return viewio_grow(v, end);
	case FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE:
	case FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE:
		return zero_range(v, start, end, true);
	case FALLOC_FL_ZERO_RANGE:
		return zero_range(v, start, end, false);
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE:
		return shift(v, (struct range){ start, end }, mode == FALLOC_FL_INSERT_RANGE);
	default:
		return -EOPNOTSUPP;
	}
}

int64_t filesize_allocate(int fd, int mode, int64_t offset, int64_t length)
{
	uint64_t start = (uint64_t)offset, end = start + (uint64_t)length;
	IN_HAND struct view *v = NULL;
	int64_t answer;
	int flags, err;

	if (offset < 0 || length <= 0 || offset > INT64_MAX - length)
		return FILEOPS_NOT_OURS;
	v = fileops_write_view(fd, &flags, &answer);
	if (!v)
		return answer;
	err = allocate(v, mode, start, end);
	if (!err)
		blame_call(v, BLAME_ALLOCATE, start, (uint64_t)length);
	return err;
}

static struct view *changed_view(dev_t dev, ino_t ino)
{
	struct view *v = view_any() ? view_get(dev, ino) : NULL;

	if (v && v->mode != VIEW_READING)
		return v;
	view_put(v);
	return NULL;
}

static int note_times_job(void *arg)
{
	struct view *v = arg;
	struct timespec now;
	struct stat st;

	if (v->mode != VIEW_WRITING || sys_fstat(v->fd, &st))
		return 0;
	sys_call(SYS_clock_gettime, CLOCK_REALTIME, &now);
	if (v->changed.tv_sec)
		v->changed = st.st_mtim;
	/* Not "now": stores that come after that would seem older than they are. */
	if (st.st_mtim.tv_sec < now.tv_sec - RECENT_SECONDS) {
		v->times[0] = st.st_atim;
		v->times[1] = st.st_mtim;
	}
	return journal_note(&v->journal, v->journal.header.applied_seq, v->journal.header.applying_seq, &st);
}

void filesize_note_times(int fd, const char *path, int flags)
{
	struct stat st;
	IN_HAND struct view *v = NULL;

	if (sys_call(SYS_newfstatat, fd, path ? path : "", &st, path ? flags : AT_EMPTY_PATH))
		return;
	v = changed_view(st.st_dev, st.st_ino);
	if (v)
		engine_run_if_started(note_times_job, v);
}

void filesize_fix_stat(struct stat *st)
{
	IN_HAND struct view *v = S_ISREG(st->st_mode) ? changed_view(st->st_dev, st->st_ino) : NULL;
	struct timespec changed;

	if (!v)
		return;
	changed = shared_changed(v);
	st->st_size = (off_t)shared_size(v);
	st->st_nlink -= v->aside && st->st_nlink;
	if (changed.tv_sec)
		st->st_mtim = st->st_ctim = changed;
}

void filesize_fix_statx(struct statx *stx)
{
	IN_HAND struct view *v = NULL;
	struct timespec changed;

	if (S_ISREG(stx->stx_mode) && (stx->stx_mask & STATX_INO))
		v = changed_view(makedev(stx->stx_dev_major, stx->stx_dev_minor), stx->stx_ino);
	if (!v)
		return;
	changed = shared_changed(v);
	stx->stx_size = shared_size(v);
	stx->stx_nlink -= v->aside && stx->stx_nlink;
	if (changed.tv_sec) {
		stx->stx_mtime.tv_sec = stx->stx_ctime.tv_sec = changed.tv_sec;
		stx->stx_mtime.tv_nsec = stx->stx_ctime.tv_nsec = (uint32_t)changed.tv_nsec;
	}
}
