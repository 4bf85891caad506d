/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See memory.h. */
#include "memory.h"

#include <linux/falloc.h>
#include <string.h>

#include "guard.h"
#include "home.h"
#include "loading.h"
#include "parking.h"
#include "shared.h"
#include "sys.h"

#define CHUNK ((uint64_t)2 << 20)
#define GENEROUS ((uint64_t)4 << 30)
#define LOAD_SIZE ((uint64_t)1 << 30)
#define PIECE ((uint64_t)32 << 20)

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
	uint64_t room = max_u64(room_for(end), shared_file_of(v)->load_room);
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
		room = max_u64(end, shared_file_of(v)->load_room);
		p = map(v, room);
	}
	if (sys_is_error(p))
		return sys_error_of(p);
	/* A thread that loads a page, without a lock, may still be using the old one. */
	if (v->memory.at && !v->memory.loads.words)
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

/* What the file has there: engine thread. */
static int load(struct view *v, uint64_t at, uint64_t end)
{
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
	if (!err)
		err = loading_start(v);
	if (err)
		memory_drop(v);
	return err;
}

/* What the transaction has kept of the file. */
static uint64_t kept_of(const struct view *v)
{
	return min_u64(min_u64(v->committed, v->cut), v->size);
}

/* A large file comes when it is touched, but for its last, broken granule.  Says from where on it is loaded now. */
static uint64_t plan(const struct view *v)
{
	uint64_t end = kept_of(v);
	struct shared_file *f = shared_file_of(v);

	f->load_room = room_for(v->zero_end);
	f->load_end = loading_is_small(end) ? 0 : granule_floor(end);
	f->hand = f->leaving[0] = f->leaving[1] = 0;
	f->undeclared = 0;
	return f->load_end;
}

int memory_create(struct view *v, unsigned index)
{
	int err, fd = parking_put((int)sys_call(SYS_memfd_create, "bigfile-view", MFD_CLOEXEC));
	uint64_t rest;

	if (fd < 0)
		return fd;
	err = sys_ftruncate(fd, v->zero_end);
	if (!err)
		err = shared_clear_maps(index);
	if (err) {
		sys_close(fd);
		return err;
	}
	v->shared = index + 1;
	rest = plan(v);
	err = memory_adopt(v, fd, index);
	if (!err) {
		err = load(v, rest, kept_of(v));
		if (err)
			memory_drop(v);
	}
	return err;
}

void memory_drop(struct view *v)
{
	loading_stop(v);
	for (unsigned i = 0; i < VIEW_SEGMENTS; i++)
		open_pages_free(&v->reach[i]);
	dirtymap_unmap(&v->memory.dirty);
	if (v->memory.at)
		sys_munmap(v->memory.at, v->memory.room);
	sys_close(v->memory.fd);
	memset(&v->memory, 0, sizeof v->memory);
	v->memory.fd = -1;
	shared_hide(v);
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

	/* Our slot, by which the memory is opened, may be somebody else's. */
	if (!shared_takes_part)
		return -ECANCELED;
	if (size > v->size) {
		loading_cut(v, v->size);
		/* Stores behind the end, in its last page or in pages that an abort kept, were never part of the file. */
		zero_rest_of_page(v, v->size);
		err = punch(v, page_ceil(v->size), v->zero_end);
		if (!err && page_ceil(size) > v->zero_end)
			err = set_length(v, page_ceil(size));
		if (!err)
			v->size = size;
		return err;
	}
	err = loading_fix_border(v, size);
	if (err)
		return err;
	/* The size first: should we die in between, what is left over lies beyond it. */
	v->size = size;
	v->cut = min_u64(v->cut, size);
	v->file_end = min_u64(v->file_end, page_ceil(size));
	shared_push(v);
	loading_cut(v, size);
	zero_rest_of_page(v, size);
	return set_length(v, page_ceil(size));
}

/* Sizes are as before the abort until all of it is there: should we die, it is begun anew. */
static int load_back(struct view *v, uint64_t at, void (*relieve)(void))
{
	int err = 0;

	for (uint64_t end; at < v->committed && !err; at = end) {
		end = min_u64(granule_floor(at) + PIECE, v->committed);
		err = load(v, at, end);
		if (err)
			return err;
		loading_extend_to(v, end);
		relieve();
	}
	return err;
}

int memory_revert_size(struct view *v, void (*relieve)(void))
{
	uint64_t lost = min_u64(v->cut, v->committed), kept = min_u64(page_ceil(lost), v->zero_end);
	uint64_t end = page_ceil(v->committed);
	int err;

	loading_cut(v, lost);
	/* The page with the border shows what is committed all the time. */
	err = page_floor(lost) < kept ? memory_reload(v, page_floor(lost), kept) : 0;
	if (!err)
		err = punch(v, kept, v->zero_end);
	if (!err && end > v->zero_end)
		err = set_length(v, end);
	if (!err)
		err = load_back(v, kept, relieve);
	if (err)
		return err;
	v->file_end = end;
	v->size = v->committed;
	v->cut = UINT64_MAX;
	loading_extend(v);
	return 0;
}

int memory_reload(struct view *v, uint64_t start, uint64_t end)
{
	uint64_t old = min_u64(max_u64(v->committed, start), end);
	int err = home_map(v, v->committed);

	if (!err && old > start)
		err = guard_copy(v->memory.at + start, v->home + start, old - start);
	if (!err && old < end)
		memset(v->memory.at + old, 0, end - old);
	return err;
}

uint64_t memory_taken(const struct view *v)
{
	struct stat st;

	return v->shared && !sys_fstat(v->memory.fd, &st) ? (uint64_t)st.st_blocks * 512 : 0;
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
