/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See fileops.h: reading, writing, seeking, syncing. */
#include "fileops.h"

#include "blame.h"
#include "config.h"
#include "control.h"
#include "guard.h"
#include "holes.h"
#include "names.h"
#include "resize.h"
#include "session.h"
#include "shared.h"
#include "session_lock.h"
#include "sys.h"
#include "transaction.h"
#include "viewio.h"

#define LARGEST_CALL INT64_C(0x7ffff000) /* as the kernel */
#define LARGEST_COUNT 1024
#define OTHER_FILE (INT64_MIN + 1) /* fd is not of the view's file any more */

#ifndef RWF_APPEND
#define RWF_APPEND 0x10
#endif
#define RWF_KNOWN (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND)

static int64_t total_length(const struct iovec *iov, int count)
{
	uint64_t total = 0;

	if (!guard_can_read(iov, (size_t)count * sizeof *iov))
		return -EFAULT;
	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > INT64_MAX - total)
			return -EINVAL;
		total += iov[i].iov_len;
	}
	return (int64_t)min_u64(total, LARGEST_CALL);
}

struct view *fileops_read_view(int fd, int64_t *answer)
{
	struct view *v;
	int err = session_find_view(fd, &v);

	*answer = err ? err : FILEOPS_NOT_OURS;
	/* All are for reading only when all is decided: what is written then is seen in them alone. */
	if (v && (v->mode != VIEW_READING || (v->fd >= 0 && control_has_ended())))
		return v;
	view_put(v);
	return NULL;
}

struct view *fileops_write_view(int fd, int *flags, int64_t *answer)
{
	struct view *v;
	int err;

	*answer = FILEOPS_NOT_OURS;
	*flags = sys_fcntl(fd, F_GETFL, 0);
	if (*flags < 0 && *flags != -EBADF)
		*answer = *flags;
	/* The kernel knows how to refuse a reader. */
	if (*flags < 0 || (*flags & O_PATH) || (*flags & O_ACCMODE) == O_RDONLY)
		return NULL;
	err = session_view_of(fd, true, &v);
	if (err < 0)
		*answer = err;
	return err ? NULL : v;
}

static int64_t read_locked(struct view *v, const struct iovec *iov, int count, int64_t at, int64_t total)
{
	int64_t done = 0;

	total = at < (int64_t)v->size ? (int64_t)min_u64((uint64_t)total, v->size - (uint64_t)at) : 0;
	for (int i = 0; i < count && done < total; i++) {
		uint64_t n = min_u64(iov[i].iov_len, (uint64_t)(total - done));
		int err = viewio_read(v, (uint64_t)(at + done), iov[i].iov_base, n);

		if (err)
			return done ? done : err;
		done += (int64_t)n;
	}
	return done;
}

/* Where a call begins: at the place it names, at the file offset, or at the end. */
static int64_t place_of(const struct view *v, int fd, int64_t offset, bool append)
{
	struct stat st;

	if (append)
		return (int64_t)shared_size(v);
	if (offset >= 0)
		return offset;
	/* Another thread may have put another file there (dup2): its offset is not ours. */
	if (sys_fstat(fd, &st) || st.st_dev != v->dev || st.st_ino != v->ino)
		return OTHER_FILE;
	return sys_lseek(fd, 0, SEEK_CUR);
}

static uint64_t end_of(const struct view *v, int64_t at, int64_t total, bool inside)
{
	uint64_t end = (uint64_t)at + (uint64_t)total;

	return inside ? min_u64(end, shared_size(v)) : end;
}

/*
 * Takes the session lock with what the call is about in memory, and returns where it begins, or -errno without the
 * lock.  The end, and the file offset, may be moved by another thread as long as no lock is held.
 */
static int64_t lock_place(struct view *v, int fd, int64_t offset, int64_t total, bool append, bool inside)
{
	int64_t at = place_of(v, fd, offset, append);

	for (;;) {
		int64_t now;
		int err;

		if (at < 0)
			return at;
		if (at > INT64_MAX - total)
			return inside ? -EINVAL : -EFBIG;
		err = viewio_lock(v, (uint64_t)at, end_of(v, at, total, inside));
		if (err)
			return err == -ENOMEM && !inside ? -EFBIG : err;
		now = place_of(v, fd, offset, append);
		if (now >= 0 && now <= INT64_MAX - total && view_shows(v, (uint64_t)now, end_of(v, now, total, inside)))
			return now;
		session_lock_release();
		at = now;
	}
}

int64_t fileops_read(int fd, const struct iovec *iov, int count, int64_t offset)
{
	int64_t total, done, at, answer;
	IN_HAND struct view *v = NULL;
	int mode;

	if (count < 0 || count > LARGEST_COUNT)
		return FILEOPS_NOT_OURS;
	v = fileops_read_view(fd, &answer);
	if (!v)
		return answer;
	mode = sys_fcntl(fd, F_GETFL, 0);
	if (mode < 0 || (mode & O_PATH) || (mode & O_ACCMODE) == O_WRONLY)
		return mode < 0 ? mode : -EBADF;
	total = total_length(iov, count);
	if (total < 0 || offset < -1)
		return total < 0 ? total : -EINVAL;
	at = lock_place(v, fd, offset, total, false, true);
	if (at < 0)
		return at == OTHER_FILE ? fileops_read(fd, iov, count, offset) : at;
	done = read_locked(v, iov, count, at, total);
	if (offset < 0 && done)
		sys_lseek(fd, at + done, SEEK_SET);
	session_lock_release();
	return done;
}

static int64_t write_locked(struct view *v, const struct iovec *iov, int count, int64_t at, int64_t total)
{
	int64_t done = 0;
	uint64_t before = v->size;
	int err = 0;

	total = viewio_limit(v, at, total);
	if (total <= 0)
		return total;
	if (at + total > (int64_t)v->size)
		err = view_resize(v, (uint64_t)(at + total));
	if (err)
		return err;
	for (int i = 0; i < count && done < total && !err; i++) {
		uint64_t n = min_u64(iov[i].iov_len, (uint64_t)(total - done));

		err = viewio_write(v, (uint64_t)(at + done), iov[i].iov_base, n);
		done += err ? 0 : (int64_t)n;
	}
	/* A buffer that ended early adds no more than what was in it. */
	if (done < total)
		v->size = max_u64(before, (uint64_t)(at + done));
	viewio_touch(v);
	return done ? done : err;
}

int64_t fileops_write(int fd, const struct iovec *iov, int count, int64_t offset, int flags)
{
	int64_t total, at, done, answer;
	IN_HAND struct view *v = NULL;
	bool append;
	int mode, err;

	if (count <= 0 || count > LARGEST_COUNT || offset < -1)
		return FILEOPS_NOT_OURS;
	v = fileops_write_view(fd, &mode, &answer);
	if (!v)
		return answer;
	/* From here on a list that cannot be read is survived. */
	total = total_length(iov, count);
	if (total <= 0)
		return total ? total : FILEOPS_NOT_OURS;
	if (flags & ~RWF_KNOWN || offset > INT64_MAX - total)
		return flags & ~RWF_KNOWN ? -EOPNOTSUPP : -EINVAL;
	append = (mode & O_APPEND) || (flags & RWF_APPEND);
	at = lock_place(v, fd, offset, total, append, false);
	if (at < 0)
		return at == OTHER_FILE ? fileops_write(fd, iov, count, offset, flags) : at;
	done = write_locked(v, iov, count, at, total);
	if (offset < 0 && done > 0)
		sys_lseek(fd, at + done, SEEK_SET);
	session_lock_release();
	viewio_ended(done, (uint64_t)at + (uint64_t)total);
	if (done > 0)
		blame_call(v, BLAME_WRITE, (uint64_t)at, (uint64_t)done);
	if (done <= 0 || (!(mode & (O_DSYNC | O_SYNC)) && !(flags & (RWF_DSYNC | RWF_SYNC))))
		return done;
	err = transaction_sync(v);
	return err ? err : done;
}

int64_t fileops_seek(int fd, int64_t offset, int whence)
{
	int64_t answer = FILEOPS_NOT_OURS;
	bool ours = whence == SEEK_END || whence == SEEK_DATA || whence == SEEK_HOLE;
	IN_HAND struct view *v = ours ? fileops_read_view(fd, &answer) : NULL;

	if (!v)
		return answer;
	if (whence == SEEK_END) {
		int64_t size = (int64_t)shared_size(v);

		if (offset < 0 ? size + offset < 0 : offset > INT64_MAX - size)
			return offset < 0 ? -EINVAL : -EOVERFLOW;
		return sys_lseek(fd, size + offset, SEEK_SET);
	}
	answer = holes_find(v, offset, whence == SEEK_HOLE);
	return answer < 0 ? answer : sys_lseek(fd, answer, SEEK_SET);
}

int64_t fileops_left(int fd)
{
	int64_t at, answer;
	IN_HAND struct view *v = fileops_read_view(fd, &answer);

	if (!v)
		return answer;
	at = sys_lseek(fd, 0, SEEK_CUR);
	return at < 0 ? at : (int64_t)shared_size(v) - at;
}

/* What was unlinked in it is made durable by a commit. */
static int64_t sync_folder(int fd)
{
	struct stat st;
	int err = config.sync == SYNC_DEFER || sys_fstat(fd, &st) || !S_ISDIR(st.st_mode) ? 0 : transaction_commit_removals();

	return err ? err : FILEOPS_NOT_OURS;
}

int64_t fileops_sync(int fd)
{
	int64_t answer;
	IN_HAND struct view *v = fileops_read_view(fd, &answer);

	if (!v && answer == FILEOPS_NOT_OURS && names_may_be_aside())
		return sync_folder(fd);
	return v ? transaction_sync(v) : answer;
}
