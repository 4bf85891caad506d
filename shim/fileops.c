/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See fileops.h. */
#include "fileops.h"

#include <linux/falloc.h>
#include <string.h>
#include <sys/resource.h>

#include "engine.h"
#include "mapping.h"
#include "resize.h"
#include "session.h"
#include "sys.h"
#include "tracker.h"

#define CHUNK ((uint64_t)2 << 20)

static int64_t total_length(const struct iovec *iov, int count)
{
	uint64_t total = 0;

	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > INT64_MAX - total)
			return -EINVAL;
		total += iov[i].iov_len;
	}
	return (int64_t)total;
}

/*
 * The view whose memory, not the file, is the truth for fd.  NULL: *answer is what the caller returns -
 * FILEOPS_NOT_OURS, or that nobody can tell.
 */
static struct view *changed_view(int fd, int64_t *answer)
{
	struct view *v;
	int err = session_find_view(fd, &v);

	*answer = err ? err : FILEOPS_NOT_OURS;
	return v && v->mode != VIEW_READING ? v : NULL;
}

/* The view to change through fd; NULL as above. */
static struct view *writable_view(int fd, int64_t *answer)
{
	struct view *v;
	int err = session_find_view(fd, &v), mode;

	*answer = err ? err : FILEOPS_NOT_OURS;
	if (!v)
		return NULL;
	mode = sys_fcntl(fd, F_GETFL, 0);
	if (mode < 0)
		*answer = mode;
	/* The kernel knows how to refuse a reader. */
	if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY)
		return NULL;
	err = session_view_of(fd, true, &v);
	if (err < 0)
		*answer = err;
	return err ? NULL : v;
}

struct wanted {
	struct view *view;
	struct range range; /* of the file */
};

/* A job: makes segments where no window ever was. */
static int show_job(void *arg)
{
	struct wanted *w = arg;
	struct view *v = w->view;
	int err = 0;

	for (uint64_t at = page_floor(w->range.start); at < w->range.end && !err;) {
		uint64_t run = min_u64(CHUNK, page_ceil(w->range.end) - at);
		uintptr_t start;

		if (!view_address(v, at, &run)) {
			err = view_place(v, at, run, 0, 0, &start);
			if (err == -ENOTSUP) {
				run = page_size();
				err = view_place(v, at, run, 0, 0, &start);
			}
		}
		at += run;
	}
	return err;
}

/* Takes the session lock, with [start, end) of the file in memory. */
static int lock_showing(struct view *v, uint64_t start, uint64_t end)
{
	struct wanted w = { v, { start, end } };
	int err;

	lock_take(&session_lock);
	if (view_shows(v, start, end))
		return 0;
	lock_release(&session_lock);
	err = v->mode == VIEW_ORPHAN ? -EIO : engine_run(show_job, &w);
	if (!err)
		lock_take(&session_lock);
	return err;
}

static void copy_out(struct view *v, uint64_t offset, uint8_t *to, uint64_t length)
{
	while (length > 0) {
		uint64_t run;
		const uint8_t *p = view_address(v, offset, &run);

		run = min_u64(run, length);
		memcpy(to, p, run);
		to += run;
		offset += run;
		length -= run;
	}
}

static int copy_in(struct view *v, uint64_t offset, const uint8_t *from, uint64_t length)
{
	while (length > 0) {
		struct range pages;
		uint64_t run;
		uint8_t *p = view_address(v, offset, &run);
		int err;

		run = min_u64(run, length);
		pages = (struct range){ page_floor((uintptr_t)p), page_ceil((uintptr_t)p + run) };
		err = tracker->open(v, pages);
		if (err)
			return err;
		if (from)
			memcpy(p, from, run);
		else
			memset(p, 0, run);
		tracker->close(v, pages);
		from += from ? run : 0;
		offset += run;
		length -= run;
	}
	return 0;
}

int64_t fileops_read(int fd, const struct iovec *iov, int count, int64_t offset)
{
	int64_t total, done = 0, at = offset, answer;
	struct view *v = changed_view(fd, &answer);
	int err = 0;

	if (!v)
		return answer;
	if ((sys_fcntl(fd, F_GETFL, 0) & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	total = total_length(iov, count);
	if (total < 0 || offset < -1)
		return -EINVAL;
	if (offset < 0)
		at = sys_lseek(fd, 0, SEEK_CUR);
	if (at < 0)
		return at;
	err = lock_showing(v, (uint64_t)at, min_u64((uint64_t)(at + total), v->size));
	if (err)
		return err;
	total = at < (int64_t)v->size ? (int64_t)min_u64((uint64_t)total, v->size - (uint64_t)at) : 0;
	for (int i = 0; i < count && done < total; i++) {
		uint64_t n = min_u64(iov[i].iov_len, (uint64_t)(total - done));

		copy_out(v, (uint64_t)(at + done), iov[i].iov_base, n);
		done += (int64_t)n;
	}
	if (offset < 0 && done)
		sys_lseek(fd, at + done, SEEK_SET);
	lock_release(&session_lock);
	return done;
}

/* As the kernel: nothing beyond RLIMIT_FSIZE, and less than asked for up to it. */
static int64_t limit_growth(const struct view *v, int64_t at, int64_t total)
{
	struct rlimit limit;

	if (at + total <= (int64_t)v->size || getrlimit(RLIMIT_FSIZE, &limit) ||
	    limit.rlim_cur == RLIM_INFINITY || (uint64_t)(at + total) <= limit.rlim_cur)
		return total;
	return (uint64_t)at >= limit.rlim_cur ? -EFBIG : (int64_t)(limit.rlim_cur - (uint64_t)at);
}

static int64_t write_locked(struct view *v, const struct iovec *iov, int count, int64_t at, int64_t total)
{
	int64_t done = 0;
	int err = 0;

	total = limit_growth(v, at, total);
	if (total <= 0)
		return total;
	if (at + total > (int64_t)v->size)
		err = view_resize(v, (uint64_t)(at + total));
	for (int i = 0; i < count && done < total && !err; i++) {
		uint64_t n = min_u64(iov[i].iov_len, (uint64_t)(total - done));

		err = copy_in(v, (uint64_t)(at + done), iov[i].iov_base, n);
		done += err ? 0 : (int64_t)n;
	}
	return done ? done : err;
}

int64_t fileops_write(int fd, const struct iovec *iov, int count, int64_t offset)
{
	int64_t total, at = offset, done, err;
	struct view *v = writable_view(fd, &err);
	bool append;

	if (!v)
		return err;
	total = total_length(iov, count);
	if (total < 0 || offset < -1 || (offset > 0 && offset > INT64_MAX - total))
		return -EINVAL;
	append = sys_fcntl(fd, F_GETFL, 0) & O_APPEND;
	if (offset < 0)
		at = sys_lseek(fd, 0, SEEK_CUR);
	if (append)
		at = (int64_t)v->size;
	if (at < 0)
		return at;
	err = lock_showing(v, page_floor((uint64_t)at), (uint64_t)(at + total));
	if (err)
		return err;
	/* Another thread may have appended meanwhile; its end is shown, or the next try shows it. */
	if (append)
		at = (int64_t)v->size;
	done = !view_shows(v, (uint64_t)at, (uint64_t)(at + total)) ? -EAGAIN :
								      write_locked(v, iov, count, at, total);
	if (offset < 0 && done > 0)
		sys_lseek(fd, at + done, SEEK_SET);
	if (done > 0 && (sys_fcntl(fd, F_GETFL, 0) & (O_DSYNC | O_SYNC))) {
		lock_release(&session_lock);
		err = session_sync(v);
		return err ? err : done;
	}
	lock_release(&session_lock);
	return done;
}

int64_t fileops_seek(int fd, int64_t offset, int whence)
{
	int64_t answer = FILEOPS_NOT_OURS;
	struct view *v = whence == SEEK_END ? changed_view(fd, &answer) : NULL;

	if (!v)
		return answer;
	if (offset < 0 ? (int64_t)v->size + offset < 0 : offset > INT64_MAX - (int64_t)v->size)
		return offset < 0 ? -EINVAL : -EOVERFLOW;
	return sys_lseek(fd, (int64_t)v->size + offset, SEEK_SET);
}

static int64_t resize_locked(struct view *v, uint64_t size)
{
	int64_t room = limit_growth(v, (int64_t)v->size, size > v->size ? (int64_t)(size - v->size) : 0);

	if (size > v->size && (room < 0 || (uint64_t)room < size - v->size))
		return -EFBIG;
	return view_resize(v, size);
}

int64_t fileops_truncate(int fd, int64_t size)
{
	int64_t err;
	struct view *v = writable_view(fd, &err);

	if (!v)
		return err;
	if (size < 0)
		return -EINVAL;
	lock_take(&session_lock);
	err = resize_locked(v, (uint64_t)size);
	lock_release(&session_lock);
	return err;
}

int64_t fileops_truncate_path(const char *path, int64_t size)
{
	struct view *v;
	struct stat st;
	int64_t err;

	if (sys_stat(path, &st) || !S_ISREG(st.st_mode))
		return FILEOPS_NOT_OURS;
	v = view_find(st.st_dev, st.st_ino);
	if (!v || v->mode == VIEW_READING)
		return FILEOPS_NOT_OURS;
	err = sys_call(SYS_faccessat, AT_FDCWD, path, W_OK);
	if (err || size < 0)
		return err ? err : -EINVAL;
	lock_take(&session_lock);
	err = resize_locked(v, (uint64_t)size);
	lock_release(&session_lock);
	return err;
}

int64_t fileops_allocate(int fd, int mode, int64_t offset, int64_t length)
{
	int64_t err;
	struct view *v = writable_view(fd, &err);
	uint64_t end = (uint64_t)offset + (uint64_t)length;

	if (!v)
		return err;
	if (offset < 0 || length <= 0 || offset > INT64_MAX - length)
		return -EINVAL;
	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	err = lock_showing(v, (uint64_t)offset, mode & ~FALLOC_FL_KEEP_SIZE ? end : (uint64_t)offset);
	if (err)
		return err;
	if (end > v->size && !(mode & FALLOC_FL_KEEP_SIZE))
		err = resize_locked(v, end);
	if (!err && (mode & ~FALLOC_FL_KEEP_SIZE) && (uint64_t)offset < v->size)
		err = copy_in(v, (uint64_t)offset, NULL, min_u64(end, v->size) - (uint64_t)offset);
	lock_release(&session_lock);
	return err;
}

int64_t fileops_sync(int fd)
{
	int64_t answer;
	struct view *v = changed_view(fd, &answer);

	return v ? session_sync(v) : answer;
}

void fileops_fix_stat(struct stat *st)
{
	struct view *v = view_any() && S_ISREG(st->st_mode) ? view_find(st->st_dev, st->st_ino) : NULL;

	if (v && v->mode != VIEW_READING)
		st->st_size = (off_t)v->size;
}
