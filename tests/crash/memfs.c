/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See memfs.h. */
#include "memfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FILES 24
#define OPEN 32
#define FIRST_FD 100
#define SECTOR 512u

static struct memfs_file files[FILES];
static struct {
	struct memfs_file *file; /* NULL: free */
	const char *text;        /* of a file below /proc */
	uint64_t at;
} opened[OPEN];
static struct memfs_file folder = { .path = MEMFS_FOLDER, .exists = true, .mode = S_IFDIR | 0700, .links = 2, .ino = 1 };
static struct memfs_file proc = { .exists = true, .mode = S_IFREG | 0444, .links = 1 };
static uint64_t next_ino = 100;

static uint32_t left, armed;
static int fault;
static bool halved, fired;
static jmp_buf *way_out;

void memfs_arm(uint32_t n, int error, bool half, jmp_buf *end)
{
	armed = n != 0;
	left = n;
	fault = error;
	halved = half;
	fired = false;
	way_out = end;
}

bool memfs_fired(void)
{
	return fired;
}

void memfs_clear(void)
{
	for (unsigned i = 0; i < FILES; i++) {
		memset(files[i].bytes, 0, files[i].used);
		files[i].exists = false;
		files[i].used = 0;
	}
	memset(opened, 0, sizeof opened);
	next_ino = 100;
}

struct memfs_file *memfs_find(const char *path)
{
	if (!strcmp(path, MEMFS_FOLDER))
		return &folder;
	for (unsigned i = 0; i < FILES; i++) {
		if (files[i].exists && !strcmp(files[i].path, path))
			return &files[i];
	}
	return NULL;
}

static bool is_open(const struct memfs_file *f)
{
	for (unsigned i = 0; i < OPEN; i++) {
		if (opened[i].file == f)
			return true;
	}
	return false;
}

static struct memfs_file *create(const char *path, uint32_t mode)
{
	for (unsigned i = 0; i < FILES; i++) {
		struct memfs_file *f = &files[i];

		if (f->exists || is_open(f))
			continue;
		memset(f->bytes, 0, f->used);
		memset(f, 0, offsetof(struct memfs_file, bytes));
		snprintf(f->path, sizeof f->path, "%s", path);
		f->exists = true;
		f->mode = S_IFREG | mode;
		f->owner = geteuid();
		f->links = 1;
		f->ino = next_ino++;
		f->mtime = MEMFS_NOW;
		return f;
	}
	return NULL;
}

struct memfs_file *memfs_put(const char *path, const void *bytes, uint32_t length, int64_t mtime)
{
	struct memfs_file *f = memfs_find(path);

	if (!f)
		f = create(path, 0600);
	if (!f)
		abort();
	memset(f->bytes, 0, f->used);
	memcpy(f->bytes, bytes, length);
	f->used = length;
	f->size = length;
	f->mtime = mtime;
	f->beyond = false;
	return f;
}

unsigned memfs_left_open(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < OPEN; i++)
		n += opened[i].file != NULL;
	return n;
}

void memfs_die(void)
{
	memset(opened, 0, sizeof opened);
}

static struct memfs_file *file_of(long fd)
{
	return fd >= FIRST_FD && fd < FIRST_FD + OPEN ? opened[fd - FIRST_FD].file : NULL;
}

static long open_as(struct memfs_file *f, const char *text)
{
	for (long i = 0; i < OPEN; i++) {
		if (opened[i].file)
			continue;
		opened[i].file = f;
		opened[i].text = text;
		opened[i].at = 0;
		return FIRST_FD + i;
	}
	return -EMFILE;
}

static long do_open(const char *path, long flags, long mode)
{
	struct memfs_file *f = memfs_find(path);

	if (!strcmp(path, "/proc/sys/kernel/random/boot_id"))
		return open_as(&proc, "00010203-0405-0607-0809-0a0b0c0d0e0f\n");
	if (!strcmp(path, "/proc/stat"))
		return open_as(&proc, "cpu 1\nbtime 500\n");
	if (f && (flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (!f && !(flags & O_CREAT))
		return -ENOENT;
	if (f && (flags & O_DIRECTORY) && !S_ISDIR(f->mode))
		return -ENOTDIR;
	if (f && S_ISDIR(f->mode) && (flags & O_ACCMODE) != O_RDONLY)
		return -EISDIR;
	if (!f)
		f = create(path, (uint32_t)mode);
	return f ? open_as(f, NULL) : -ENFILE;
}

static long do_read(long fd, char *to, size_t n, uint64_t at)
{
	const struct memfs_file *f = file_of(fd);
	const char *text = opened[fd - FIRST_FD].text;
	uint64_t size = text ? strlen(text) : f->size, kept;

	if ((int64_t)at < 0)
		return -EINVAL;
	if (S_ISDIR(f->mode))
		return -EISDIR;
	if (at >= size)
		return 0;
	n = n < size - at ? n : size - at;
	kept = text ? size : MEMFS_ROOM;
	kept = at < kept ? kept - at : 0;
	kept = kept < n ? kept : n;
	memcpy(to, text ? text + at : (const char *)f->bytes + at, kept);
	memset(to + kept, 0, n - kept);
	return (long)n;
}

static long do_write(long fd, const char *from, size_t n, uint64_t at)
{
	struct memfs_file *f = file_of(fd);
	uint64_t kept = at < MEMFS_ROOM ? MEMFS_ROOM - at : 0;

	if ((int64_t)at < 0)
		return -EINVAL;
	if (n > INT64_MAX - at)
		return -EFBIG;
	kept = kept < n ? kept : n;
	memcpy(f->bytes + (kept ? at : 0), from, kept);
	f->beyond |= kept < n;
	if (kept && at + kept > f->used)
		f->used = (uint32_t)(at + kept);
	if (at + n > f->size)
		f->size = at + n;
	f->mtime = MEMFS_NOW;
	return (long)n;
}

static long do_truncate(struct memfs_file *f, uint64_t size)
{
	if ((int64_t)size < 0)
		return -EINVAL;
	if (size < f->used) {
		memset(f->bytes + size, 0, f->used - size);
		f->used = (uint32_t)size;
	}
	f->size = size;
	f->mtime = MEMFS_NOW;
	return 0;
}

static long do_stat(const struct memfs_file *f, struct stat *st)
{
	if (!f)
		return -ENOENT;
	memset(st, 0, sizeof *st);
	st->st_ino = f->ino;
	st->st_dev = 1;
	st->st_mode = f->mode;
	st->st_nlink = f->exists ? f->links : 0;
	st->st_uid = f->owner;
	st->st_size = (off_t)f->size;
	st->st_mtim.tv_sec = st->st_ctim.tv_sec = f->mtime;
	return 0;
}

static long do_rename(const char *from, const char *to, long flags)
{
	struct memfs_file *f = memfs_find(from), *other = memfs_find(to);

	if (!f)
		return -ENOENT;
	if (other && (flags & 1))
		return -EEXIST;
	if (other && other != f)
		other->exists = false;
	snprintf(f->path, sizeof f->path, "%s", to);
	return 0;
}

static long do_unlink(const char *path)
{
	struct memfs_file *f = memfs_find(path);

	if (!f)
		return -ENOENT;
	if (S_ISDIR(f->mode))
		return -EISDIR;
	f->exists = false;
	return 0;
}

/* One call lists them all. */
static long do_list(long fd, char *to, size_t room)
{
	size_t used = 0;

	if (opened[fd - FIRST_FD].at++)
		return 0;
	for (unsigned i = 0; i < FILES; i++) {
		const char *name = files[i].path + sizeof MEMFS_FOLDER;
		size_t length = (19 + strlen(name) + 1 + 7) / 8 * 8;
		uint16_t record = (uint16_t)length;

		if (!files[i].exists || used + length > room)
			continue;
		memset(to + used, 0, length);
		memcpy(to + used + 16, &record, sizeof record);
		strcpy(to + used + 19, name);
		used += length;
	}
	return (long)used;
}

static bool can_fail(long number)
{
	switch (number) {
	case SYS_close:
	case SYS_getpid:
	case SYS_clock_gettime:
	case SYS_nanosleep:
	case SYS_getrandom:
		return false;
	default:
		return true;
	}
}

static long do_fcntl(long command, struct flock *lock)
{
	if (command == F_OFD_GETLK)
		lock->l_type = F_UNLCK;
	return 0;
}

static long call(long number, const long *a)
{
	const char *path = (const char *)a[1];

	switch (number) {
	case SYS_openat:
		return do_open(path, a[2], a[3]);
	case SYS_close:
		opened[a[0] - FIRST_FD].file = NULL;
		return 0;
	case SYS_read:
		a = (long[]){ a[0], a[1], do_read(a[0], (char *)a[1], (size_t)a[2], opened[a[0] - FIRST_FD].at) };
		opened[a[0] - FIRST_FD].at += (uint64_t)(a[2] > 0 ? a[2] : 0);
		return a[2];
	case SYS_pread64:
		return do_read(a[0], (char *)a[1], (size_t)a[2], (uint64_t)a[3]);
	case SYS_pwrite64:
		return do_write(a[0], (const char *)a[1], (size_t)a[2], (uint64_t)a[3]);
	case SYS_ftruncate:
		return do_truncate(file_of(a[0]), (uint64_t)a[1]);
	case SYS_newfstatat:
		return do_stat(*path ? memfs_find(path) : file_of(a[0]), (struct stat *)a[2]);
	case SYS_fcntl:
		return do_fcntl(a[1], (struct flock *)a[2]);
	case SYS_unlinkat:
		return do_unlink(path);
	case SYS_renameat2:
		return do_rename(path, (const char *)a[3], a[4]);
	case SYS_getdents64:
		return do_list(a[0], (char *)a[1], (size_t)a[2]);
	case SYS_getrandom:
		memset((void *)a[0], 0x5a, (size_t)a[1]);
		return a[1];
	case SYS_clock_gettime:
		*(struct timespec *)a[1] = (struct timespec){ MEMFS_NOW, 0 };
		return 0;
	case SYS_statfs:
	case SYS_fstatfs:
		memset((void *)a[1], 0, sizeof(struct statfs));
		return 0;
	case SYS_lseek:
		return a[2] == SEEK_DATA ? a[1] : -EINVAL;
	default: /* syncs, owners, modes, time */
		return 0;
	}
}

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long a[5], result;
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 5; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (armed && can_fail(number) && !--left) {
		armed = 0;
		fired = true;
		if (halved && number == SYS_pwrite64)
			do_write(a[0], (const char *)a[1], (size_t)a[2] / 2 / SECTOR * SECTOR, (uint64_t)a[3]);
		if (!fault)
			longjmp(*way_out, 1);
		errno = fault;
		return -1;
	}
	result = call(number, a);
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

char *__wrap_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved)
{
	if (!memfs_find(path)) {
		errno = ENOENT;
		return NULL;
	}
	return strcpy(resolved, path);
}
