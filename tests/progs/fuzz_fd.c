/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fuzzer's descriptors of its file: opening, closing, duplicating, seeking, and what they say of the size.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SLOTS 6

static struct slot slots[SLOTS];
static struct file files[SLOTS];

struct slot *pick_slot(void)
{
	unsigned open_count = 0, n;

	for (int i = 0; i < SLOTS; i++)
		open_count += slots[i].file != NULL;
	if (!open_count)
		return NULL;
	n = (unsigned)draw(open_count);
	for (int i = 0;; i++) {
		if (slots[i].file && n-- == 0)
			return &slots[i];
	}
}

static struct slot *free_slot(void)
{
	for (int i = 0; i < SLOTS; i++) {
		if (!slots[i].file)
			return &slots[i];
	}
	return NULL;
}

bool can_read(const struct slot *s)
{
	return s->file->access != O_WRONLY;
}

bool can_write(const struct slot *s)
{
	return s->file->access != O_RDONLY;
}

static void fill_slot(struct slot *s, int fd, int flags)
{
	struct file *f = files;

	if (fd < 0)
		fail("open: %s", strerrorname_np(errno));
	while (f->users)
		f++;
	*f = (struct file){ 1, flags & O_ACCMODE, flags & O_APPEND, 0 };
	s->file = f;
	s->fd = fd;
}

void open_first(void)
{
	uint64_t n = 0;
	ssize_t got;

	fill_slot(&slots[0], open(path, O_RDWR | O_CREAT, 0600), O_RDWR);
	full_path = realpath(path, NULL);
	while ((got = pread(slots[0].fd, block, BLOCK, (off_t)n)) > 0) {
		model_write(n, block, (uint64_t)got);
		n += (uint64_t)got;
	}
	model_commit();
}

/* One descriptor may be opened through another. */
static int open_through(const struct slot *through, int flags)
{
	char name[40];

	snprintf(name, sizeof name, "/proc/self/fd/%d", through->fd);
	return open(name, flags);
}

bool do_open(void)
{
	static const int accesses[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR };
	struct slot *s = free_slot(), *through = on(G_PROCFD) && one_in(6) ? pick_slot() : NULL;
	int flags = accesses[draw(4)], how = (int)draw(5);

	if (!s)
		return false;
	flags |= (one_in(4) ? O_APPEND : 0) | (one_in(3) ? O_CREAT : 0) | (one_in(3) ? O_CLOEXEC : 0);
	if (one_in(40) && ((flags & O_ACCMODE) != O_RDONLY || on(G_RDTRUNC)))
		flags |= O_TRUNC;
	if (one_in(60)) {
		say("open(O_CREAT | O_EXCL | %#o)", flags);
		expect(result_of(open(path, flags | O_CREAT | O_EXCL, 0600)), -EEXIST);
	}
	if (how == 4 && !one_in(20))
		how = 0;
	if (how == 4)
		flags = O_WRONLY | O_TRUNC | O_CREAT;
	say("open(%#o), way %d%s", flags, how, through ? ", through /proc/self/fd" : "");
	if (through && how != 4)
		fill_slot(s, open_through(through, flags & ~O_CREAT), flags);
	else
		fill_slot(s, how == 4 ? creat(path, 0600) :
			     how == 3 ? openat(AT_FDCWD, path, flags, 0600) :
					open(how == 2 ? full_path : path, flags, 0600), flags);
	if (flags & O_TRUNC)
		model_resize(0);
	return true;
}

static void close_slot(struct slot *s)
{
	s->file->users--;
	s->file = NULL;
}

bool do_close(void)
{
	struct slot *s = pick_slot();

	if (!s)
		return false;
	say("close(%ld)", s - slots);
	expect(result_of(close(s->fd)), 0);
	close_slot(s);
	return true;
}

bool do_dup(void)
{
	struct slot *from = pick_slot(), *to = one_in(2) ? pick_slot() : free_slot();
	bool over = to && to->file;
	int fd;

	if (!from || !to)
		return false;
	say("dup(%ld) %s %ld", from - slots, over ? "over" : "into", to - slots);
	if (over)
		fd = one_in(2) || to == from ? dup2(from->fd, to->fd) : dup3(from->fd, to->fd, O_CLOEXEC);
	else
		fd = one_in(2) ? dup(from->fd) :
				 fcntl(from->fd, one_in(2) ? F_DUPFD : F_DUPFD_CLOEXEC, (int)draw(60));
	if (fd < 0 || (over && fd != to->fd))
		fail("%s", fd < 0 ? strerrorname_np(errno) : "wrong number");
	if (to == from)
		return true;
	from->file->users++;
	if (over)
		close_slot(to);
	to->file = from->file;
	to->fd = fd;
	return true;
}

bool do_seek(void)
{
	struct slot *s = pick_slot();
	int whence = (int)draw(3);
	int64_t target, base;

	if (!s)
		return false;
	base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)s->file->at : (int64_t)model_size;
	target = one_in(30) ? -1 - (int64_t)draw(5000) : (int64_t)pick_offset();
	say("lseek(%ld, %ld, %d)", s - slots, target - base, whence);
	expect(result_of(lseek(s->fd, target - base, whence)), target < 0 ? -EINVAL : target);
	if (target >= 0)
		s->file->at = (uint64_t)target;
	return true;
}

/* Only what is promised: what SEEK_DATA passes over is zero, and so is what SEEK_HOLE finds. */
bool do_holes(void)
{
	struct slot *s = pick_slot();
	uint64_t offset = pick_offset();
	bool data = one_in(2);
	long at;

	if (!s)
		return false;
	say("lseek(%ld, %lu, %s)", s - slots, offset, data ? "SEEK_DATA" : "SEEK_HOLE");
	at = result_of(lseek(s->fd, (off_t)offset, data ? SEEK_DATA : SEEK_HOLE));
	if (offset >= model_size) {
		expect(at, -ENXIO);
		return true;
	}
	if (at == -ENXIO && data) {
		if (!model_is_zero(offset, model_size))
			fail("ENXIO, but there is data");
		return true;
	}
	if (at < (long)offset || (uint64_t)at > model_size - data)
		fail("returned %ld; size %lu", at, model_size);
	if (data ? !model_is_zero(offset, (uint64_t)at) : (uint64_t)at < model_size && *model_at((uint64_t)at))
		fail("returned %ld; there is data where it says there is none", at);
	/* Where exactly it is depends on the file system: the sequence must not. */
	expect(result_of(lseek(s->fd, 0, SEEK_CUR)), at);
	expect(result_of(lseek(s->fd, (off_t)s->file->at, SEEK_SET)), (long)s->file->at);
	return true;
}

bool do_stat(void)
{
	struct slot *s = pick_slot();
	int how = (int)draw(8);
	struct statx stx;
	struct stat st;
	int err;

	if (how >= 4 && !on(G_STATX))
		how -= 4;
	if (!s)
		how = 1;
	say("stat, way %d", how);
	memset(&st, 0, sizeof st);
	if (how == 0)
		err = fstat(s->fd, &st);
	else if (how == 1)
		err = stat(path, &st);
	else if (how == 2)
		err = fstatat(AT_FDCWD, path, &st, one_in(2) ? AT_SYMLINK_NOFOLLOW : 0);
	else if (how == 3)
		err = fstatat(s->fd, "", &st, AT_EMPTY_PATH);
	else if (how == 4)
		err = lstat(full_path, &st);
	else
		err = how == 5 ? statx(s->fd, "", AT_EMPTY_PATH, STATX_SIZE, &stx) :
				 statx(AT_FDCWD, path, 0, how == 6 ? STATX_BASIC_STATS : STATX_SIZE, &stx);
	expect(result_of(err), 0);
	if (how >= 5)
		st.st_size = (off_t)stx.stx_size;
	if ((uint64_t)st.st_size != model_size)
		fail("size %ld, should be %lu", st.st_size, model_size);
	return true;
}

void check_offsets(void)
{
	struct stat st;

	for (int i = 0; i < SLOTS; i++) {
		if (!slots[i].file)
			continue;
		expect(result_of(lseek(slots[i].fd, 0, SEEK_CUR)), (long)slots[i].file->at);
		expect(result_of(fstat(slots[i].fd, &st)), 0);
		expect(st.st_size, (long)model_size);
	}
}
