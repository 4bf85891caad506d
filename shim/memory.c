/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See memory.h. */
#include "memory.h"

#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "guard.h"
#include "home.h"
#include "log.h"
#include "parking.h"
#include "shared.h"
#include "sys.h"

#define CHUNK ((uint64_t)2 << 20)
#define GENEROUS ((uint64_t)4 << 30)
#define LOAD_SIZE ((uint64_t)1 << 30)
#define LARGEST_DEFAULT ((uint64_t)1 << 30) /* is loaded in less than a second */

static uint64_t room_for(uint64_t end)
{
	return round_up(2 * end + GENEROUS, CHUNK);
}

static void *map(const struct view *v, uint64_t room)
{
	return sys_mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, v->memory.fd, 0);
}

int memory_reach(struct view *v, uint64_t end)
{
	uint64_t room = room_for(end);
	void *p;
	int err;

	end = page_ceil(end);
	if (v->memory.at && end <= v->memory.room)
		return 0;
	err = dirtymap_map(&v->memory.dirty, shared_fd, v->shared - 1, room);
	if (err)
		return err;
	p = map(v, room);
	if (sys_is_error(p)) {
		room = end;
		p = map(v, room);
	}
	if (sys_is_error(p))
		return sys_error_of(p);
	if (v->memory.at)
		sys_munmap(v->memory.at, v->memory.room);
	v->memory.at = p;
	v->memory.room = room;
	return 0;
}

/* By the kernel alone where it can: through our mapping each page would cost a fault. */
static ssize_t load_some(const struct view *v, uint64_t start, uint64_t length)
{
	off_t from = (off_t)start;
	int64_t at = sys_lseek(v->memory.fd, (int64_t)start, SEEK_SET);
	ssize_t n = at < 0 ? (ssize_t)at : sys_call(SYS_sendfile, v->memory.fd, v->fd, &from, length);

	return n > 0 ? n : sys_pread(v->fd, v->memory.at + start, length, start);
}

static int load_range(struct view *v, uint64_t start, uint64_t end)
{
	while (start < end) {
		ssize_t n = load_some(v, start, min_u64(end - start, LOAD_SIZE));

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : 0;
		start += (uint64_t)n;
	}
	return 0;
}

/* What the file has below the transaction's smallest size. */
static int load(struct view *v)
{
	uint64_t at = 0, end = min_u64(min_u64(v->committed, v->cut), v->size);
	int err = 0;

	while (at < end && !err) {
		int64_t data = sys_lseek(v->fd, (int64_t)at, SEEK_DATA), hole;

		if (data == -ENXIO)
			return 0;
		if (data < 0)
			return load_range(v, at, end);
		hole = sys_lseek(v->fd, data, SEEK_HOLE);
		err = load_range(v, (uint64_t)data, min_u64(hole < 0 ? end : (uint64_t)hole, end));
		at = hole < 0 ? end : (uint64_t)hole;
	}
	return err;
}

int memory_adopt(struct view *v, int fd, unsigned index)
{
	int err;

	v->memory.fd = fd;
	v->shared = index + 1;
	err = memory_reach(v, v->zero_end);
	if (err)
		memory_drop(v);
	return err;
}

/* Half of the machine's memory, or of what the control group allows, but not what would take long to load. */
static uint64_t default_limit(void)
{
	uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) * page_size(), limit;
	int fd = sys_open("/sys/fs/cgroup/memory.max", O_RDONLY | O_CLOEXEC, 0);
	char text[32] = "";

	if (fd >= 0) {
		sys_read(fd, text, sizeof text - 1);
		sys_close(fd);
	}
	limit = strtoull(text, NULL, 10);
	return min_u64(min_u64(all, limit ? limit : all) / 2, LARGEST_DEFAULT);
}

/* What would be in memory of all shared views of this session, v's file included. */
static uint64_t wanted_with(const struct view *v)
{
	uint64_t wanted = 0;

	for (const struct view *other = view_first(); other; other = other->next) {
		struct stat st;

		if ((other == v || other->shared) && !sys_fstat(other->fd, &st))
			wanted += (uint64_t)st.st_blocks * 512;
	}
	return wanted;
}

static int check_limit(const struct view *v)
{
	uint64_t wanted = wanted_with(v), limit = config.memory ? config.memory : default_limit();

	if (wanted <= limit)
		return 0;
	log_warn_once("%s: cannot be shared between processes: that takes %lu MiB of memory, and BIGFILE_MEMORY allows %lu; raise it, or set "
		  "BIGFILE_VIEW=private", v->path, wanted >> 20, limit >> 20);
	return -ENOMEM;
}

int memory_create(struct view *v, unsigned index)
{
	int err = check_limit(v), fd = err ? err : parking_put((int)sys_call(SYS_memfd_create, "bigfile-view", MFD_CLOEXEC));

	if (fd < 0)
		return fd;
	err = sys_ftruncate(fd, v->zero_end);
	if (err) {
		sys_close(fd);
		return err;
	}
	err = memory_adopt(v, fd, index);
	if (!err) {
		err = load(v);
		if (err)
			memory_drop(v);
	}
	return err;
}

void memory_drop(struct view *v)
{
	dirtymap_unmap(&v->memory.dirty);
	if (v->memory.at)
		sys_munmap(v->memory.at, v->memory.room);
	sys_close(v->memory.fd);
	memset(&v->memory, 0, sizeof v->memory);
	v->memory.fd = -1;
	v->shared = 0;
}

/* Any thread: only the engine thread has the descriptor in its table. */
static int borrow(const struct view *v)
{
	return shared_open_of(shared_me()->pid, shared_me()->tid, v->memory.fd, O_RDWR);
}

static int set_length(struct view *v, uint64_t length)
{
	int err, fd;

	if (length == v->zero_end)
		return 0;
	if (length > v->memory.room)
		return -EFBIG;
	fd = borrow(v);
	if (fd < 0)
		return fd;
	err = sys_ftruncate(fd, length);
	sys_close(fd);
	if (!err)
		v->zero_end = length;
	return err;
}

static int punch(struct view *v, uint64_t start, uint64_t end)
{
	int err, fd;

	if (start >= end)
		return 0;
	fd = borrow(v);
	if (fd < 0)
		return fd;
	err = sys_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start, end - start);
	sys_close(fd);
	return err;
}

/* Zeros from `start` to the end of its page. */
static void zero_rest_of_page(struct view *v, uint64_t start)
{
	if (start == page_ceil(start) || page_ceil(start) > v->zero_end)
		return;
	memset(v->memory.at + start, 0, page_ceil(start) - start);
	dirtymap_set(&v->memory.dirty, page_floor(start), page_ceil(start));
}

int memory_resize(struct view *v, uint64_t size)
{
	int err;

	if (size > v->size) {
		/* Stores behind the end, in its last page or in pages that an abort kept, were never part of the file. */
		zero_rest_of_page(v, v->size);
		err = punch(v, page_ceil(v->size), v->zero_end);
		if (!err && page_ceil(size) > v->zero_end)
			err = set_length(v, page_ceil(size));
		if (!err)
			v->size = size;
		return err;
	}
	/* The size first: should we die in between, what is left over lies beyond it. */
	v->size = size;
	v->cut = min_u64(v->cut, size);
	v->file_end = min_u64(v->file_end, page_ceil(size));
	shared_push(v);
	zero_rest_of_page(v, size);
	return set_length(v, page_ceil(size));
}

int memory_revert_size(struct view *v)
{
	uint64_t lost = page_floor(min_u64(v->cut, v->committed)), end = page_ceil(v->committed);
	int err = punch(v, end, v->zero_end);

	if (!err && end > v->zero_end)
		err = set_length(v, end);
	if (!err)
		err = memory_reload(v, lost, end);
	if (err)
		return err;
	v->file_end = end;
	v->size = v->committed;
	v->cut = UINT64_MAX;
	return 0;
}

struct reload {
	uint8_t *to;
	const uint8_t *from;
	uint64_t length;
};

static void reload_now(void *arg)
{
	const struct reload *r = arg;

	memcpy(r->to, r->from, r->length);
}

int memory_reload(struct view *v, uint64_t start, uint64_t end)
{
	uint64_t old = min_u64(max_u64(v->committed, start), end);
	struct reload r = { v->memory.at + start, v->home + start, old - start };
	int err = home_map(v, v->committed);

	r.from = v->home + start;
	if (!err && r.length)
		err = guard_run(reload_now, &r);
	if (!err && old < end)
		memset(v->memory.at + old, 0, end - old);
	return err;
}

uint64_t memory_seek(const struct view *v, uint64_t at, bool hole)
{
	int64_t found = sys_lseek(v->memory.fd, (int64_t)at, hole ? SEEK_HOLE : SEEK_DATA);

	if (found >= 0)
		return (uint64_t)found;
	if (found == -ENXIO && !hole)
		return UINT64_MAX;
	/* When it cannot be told, all of it is data. */
	return hole ? max_u64(at, v->zero_end) : at;
}

void memory_all_dirty(struct view *v)
{
	uint64_t at = 0;

	memory_reach(v, v->zero_end);
	while (at < v->zero_end) {
		uint64_t data = memory_seek(v, at, false);

		if (data == UINT64_MAX)
			return;
		at = memory_seek(v, data, true);
		dirtymap_set(&v->memory.dirty, page_floor(data), at);
	}
}
