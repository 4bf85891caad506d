/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fuzzer's reads, writes, truncations and allocations through descriptors.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *const ways[] = { "", "p", "v", "pv", "pv2", "pv2 without an offset" };
enum way { WAY_PLAIN, WAY_P, WAY_V, WAY_PV, WAY_PV2, WAY_V2 };

static enum way pick_way(void)
{
	return (enum way)draw(on(G_V2) ? 6 : 4);
}

static bool has_offset(enum way way)
{
	return way == WAY_P || way == WAY_PV || way == WAY_PV2;
}

/* Cuts a buffer into up to 4 pieces, some of them empty. */
static int cut(struct iovec *iov, uint8_t *buf, uint64_t n)
{
	int count = 1 + (int)draw(4);

	for (int i = 0; i < count; i++) {
		uint64_t piece = i == count - 1 ? n : draw(n + 1);

		iov[i] = (struct iovec){ buf, piece };
		buf += piece;
		n -= piece;
	}
	return count;
}

static long call_read(int fd, enum way way, uint64_t n, off_t offset)
{
	struct iovec iov[4];
	int count = way >= WAY_V ? cut(iov, block, n) : 0;

	switch (way) {
	case WAY_PLAIN:
		return result_of(read(fd, block, n));
	case WAY_P:
		return result_of(pread(fd, block, n, offset));
	case WAY_V:
		return result_of(readv(fd, iov, count));
	case WAY_PV:
		return result_of(preadv(fd, iov, count, offset));
	default:
		return result_of(preadv2(fd, iov, count, way == WAY_V2 ? -1 : offset, 0));
	}
}

static long call_write(int fd, enum way way, uint64_t n, off_t offset)
{
	struct iovec iov[4];
	int count = way >= WAY_V ? cut(iov, block, n) : 0;

	switch (way) {
	case WAY_PLAIN:
		return result_of(write(fd, block, n));
	case WAY_P:
		return result_of(pwrite(fd, block, n, offset));
	case WAY_V:
		return result_of(writev(fd, iov, count));
	case WAY_PV:
		return result_of(pwritev(fd, iov, count, offset));
	default:
		return result_of(pwritev2(fd, iov, count, way == WAY_V2 ? -1 : offset, 0));
	}
}

/* Now and then an offset that no call takes. */
static int64_t pick_given(enum way way)
{
	return one_in(200) && way != WAY_PV2 ? -1 - (int64_t)draw(100) : (int64_t)pick_offset();
}

bool do_read(void)
{
	struct slot *s = pick_slot();
	enum way way = pick_way();
	int64_t given = pick_given(way), at;
	uint64_t n = pick_length();
	long wanted;

	if (!s)
		return false;
	at = has_offset(way) ? given : (int64_t)s->file->at;
	say("read%s(%lu at %ld)%s", ways[way], n, at, can_read(s) ? "" : ", not allowed");
	wanted = (uint64_t)at < model_size ? (long)min(n, model_size - (uint64_t)at) : 0;
	if (at < 0)
		wanted = -EINVAL;
	else if (!can_read(s))
		wanted = -EBADF;
	expect(call_read(s->fd, way, n, given), wanted);
	if (wanted <= 0)
		return true;
	compare("read", (uint64_t)at, block, (uint64_t)wanted);
	if (!has_offset(way))
		s->file->at += (uint64_t)wanted;
	return true;
}

/* What is written over may stay as it is. */
static void fill_or_keep(uint64_t at, uint64_t n)
{
	fill(block, n);
	for (uint64_t i = 0; one_in(10) && i < n && at + i < model_size; i++)
		block[i] = *model_at(at + i);
}

bool do_write(void)
{
	struct slot *s = pick_slot();
	enum way way = pick_way();
	int64_t given = pick_given(way), at;
	uint64_t n = pick_length();
	long wanted = (long)n;

	if (!s)
		return false;
	at = has_offset(way) ? given : (int64_t)s->file->at;
	if (s->file->append && at >= 0)
		at = (int64_t)model_size;
	if (at >= 0 && !may_reach((uint64_t)at + n))
		return false;
	say("write%s(%lu at %ld)%s%s", ways[way], n, at, s->file->append ? ", appending" : "",
	    can_write(s) ? "" : ", not allowed");
	fill_or_keep((uint64_t)max(0, (uint64_t)at), n);
	if (at < 0)
		wanted = -EINVAL;
	else if (!can_write(s))
		wanted = -EBADF;
	expect(call_write(s->fd, way, n, given), wanted);
	if (wanted <= 0)
		return true;
	model_write((uint64_t)at, block, n);
	if (!has_offset(way))
		s->file->at = (uint64_t)at + n;
	return true;
}

bool do_size(void)
{
	struct slot *s = one_in(3) ? NULL : pick_slot();
	int64_t size = one_in(100) ? -1 - (int64_t)draw(10) : (int64_t)pick_size();
	long wanted = size < 0 || (s && !can_write(s)) ? -EINVAL : 0;

	say("%s(%ld) from %lu%s", s ? "ftruncate" : "truncate", size, model_size, wanted ? ", not allowed" : "");
	expect(result_of(s ? ftruncate(s->fd, size) : truncate(path, size)), wanted);
	if (!wanted)
		model_resize((uint64_t)size);
	return true;
}

static long allocate(const struct slot *s, int mode, off_t offset, off_t n)
{
	if (mode < 0)
		return -posix_fallocate(s->fd, offset, n);
	return result_of(fallocate(s->fd, mode, offset, n));
}

bool do_alloc(void)
{
	static const int modes[] = { -1, 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				     FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE };
	struct slot *s = pick_slot();
	int mode = modes[draw(6)];
	uint64_t offset = pick_offset(), n = pick_length();
	long wanted, result;

	if (!s || !may_reach(offset + n))
		return false;
	say("fallocate(%d, %lu, %lu)%s", mode, offset, n, can_write(s) ? "" : ", not allowed");
	wanted = !n ? -EINVAL : can_write(s) ? 0 : -EBADF;
	result = allocate(s, mode, (off_t)offset, (off_t)n);
	if (mode > FALLOC_FL_KEEP_SIZE && result == -EOPNOTSUPP && !wanted)
		return true;
	expect(result, wanted);
	if (wanted)
		return true;
	if ((mode < 0 || !(mode & FALLOC_FL_KEEP_SIZE)) && offset + n > model_size)
		model_resize(offset + n);
	if (mode > FALLOC_FL_KEEP_SIZE && offset < model_size)
		model_write(offset, NULL, min(n, model_size - offset));
	return true;
}

bool do_shift(void)
{
	struct slot *s = pick_slot();
	bool insert = one_in(2), odd = one_in(5);
	uint64_t offset = odd ? pick_offset() : draw(model_size / PAGE + 1) * PAGE;
	uint64_t n = odd ? 1 + draw(10000) : (1 + draw(8)) * PAGE;
	long result, wanted = 0;

	if (!s || model_size > UINT64_C(8) << 20)
		return false;
	say("fallocate(%s, %lu, %lu)", insert ? "INSERT" : "COLLAPSE", offset, n);
	if (!can_write(s))
		wanted = -EBADF;
	else if (offset % PAGE || n % PAGE || (insert ? offset : offset + n) >= model_size)
		wanted = -EINVAL;
	result = result_of(fallocate(s->fd, insert ? FALLOC_FL_INSERT_RANGE : FALLOC_FL_COLLAPSE_RANGE, (off_t)offset, (off_t)n));
	if (result == -EOPNOTSUPP && wanted != -EBADF)
		return true;
	expect(result, wanted);
	if (wanted)
		return true;
	if (insert)
		model_insert(offset, n);
	else
		model_collapse(offset, n);
	return true;
}
