/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fuzzer's transfers between its file and another one or a pipe, and its streams.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define PIPE_LENGTH 50000 /* fits into a pipe wherever its pages begin */

int side;
static int pipe_ends[2];

void open_side(void)
{
	char name[4096];

	snprintf(name, sizeof name, "%s.side", path);
	side = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (side < 0 || unlink(name) || pipe2(pipe_ends, O_CLOEXEC))
		fail("%s: %s", name, strerrorname_np(errno));
}

void side_put(const void *from, uint64_t n)
{
	expect(result_of(ftruncate(side, 0)), 0);
	expect(result_of(pwrite(side, from, n, 0)), (long)n);
	expect(result_of(lseek(side, 0, SEEK_SET)), 0);
}

void side_check(const char *what, uint64_t offset, uint64_t n)
{
	expect(result_of(pread(side, other, BLOCK, 0)), (long)n);
	compare(what, offset, other, n);
}

/* A transfer may be a part of what was asked for, but is not nothing. */
static uint64_t expect_part(long result, long wanted)
{
	if (wanted <= 0 || result <= 0 || result > wanted)
		expect(result, wanted);
	return result > 0 ? (uint64_t)result : 0;
}

static bool copy_out(struct slot *s, uint64_t n, bool send)
{
	bool given = one_in(2);
	uint64_t at = given ? pick_offset() : s->file->at;
	off_t offset = (off_t)at;
	long wanted = !can_read(s) ? -EBADF : at < model_size ? (long)min(n, model_size - at) : 0, result;

	side_put("", 0);
	say("%s out of the file, %lu at %lu%s", send ? "sendfile" : "copy_file_range", n, at, given ? ", offset given" : "");
	result = send ? sendfile(side, s->fd, given ? &offset : NULL, n) :
			copy_file_range(s->fd, given ? &offset : NULL, side, NULL, n, 0);
	n = expect_part(result_of(result), wanted);
	side_check("what was copied", at, n);
	if (given)
		expect(offset, (long)(at + n));
	else
		s->file->at += n;
	return true;
}

static bool copy_in(struct slot *s, uint64_t n, bool send)
{
	bool given = !send && one_in(2);
	uint64_t at = given ? pick_offset() : s->file->at;
	off_t offset = (off_t)at, from = 0;
	long wanted = (long)n, result;

	if (!may_reach(at + n))
		return false;
	fill(block, n);
	side_put(block, n);
	if (!can_write(s))
		wanted = -EBADF;
	else if (s->file->append)
		wanted = send ? -EINVAL : -EBADF;
	say("%s into the file, %lu at %lu%s", send ? "sendfile" : "copy_file_range", n, at, given ? ", offset given" : "");
	result = send ? sendfile(s->fd, side, one_in(2) ? &from : NULL, n) :
			copy_file_range(side, one_in(2) ? &from : NULL, s->fd, given ? &offset : NULL, n, 0);
	n = expect_part(result_of(result), wanted);
	model_write(at, block, n);
	if (given)
		expect(offset, (long)(at + n));
	else
		s->file->at += n;
	return true;
}

static bool copy_inside(struct slot *s, struct slot *t, uint64_t n)
{
	uint64_t from = pick_offset(), to = pick_offset(), have = from < model_size ? min(n, model_size - from) : 0;
	off_t in = (off_t)from, out = (off_t)to;
	long wanted = (long)have;

	if (!may_reach(to + have))
		return false;
	say("copy_file_range inside the file, %lu from %lu to %lu", n, from, to);
	if (!can_read(s) || !can_write(t) || t->file->append)
		wanted = -EBADF;
	else if (to + have > from && to < from + have)
		wanted = -EINVAL;
	n = expect_part(result_of(copy_file_range(s->fd, &in, t->fd, &out, n, 0)), wanted);
	expect(in, (long)(from + n));
	expect(out, (long)(to + n));
	for (uint64_t i = 0; i < n; i++)
		block[i] = *model_at(from + i);
	model_write(to, block, n);
	return true;
}

bool do_copy(void)
{
	struct slot *s = pick_slot(), *t = pick_slot();
	uint64_t n = pick_length();

	if (!s || !n)
		return false;
	switch (draw(5)) {
	case 0:
		return copy_out(s, n, true);
	case 1:
		return copy_out(s, n, false);
	case 2:
		return copy_in(s, n, true);
	case 3:
		return copy_in(s, n, false);
	default:
		return copy_inside(s, t, n);
	}
}

static void drain(uint64_t n)
{
	while (n) {
		long got = result_of(read(pipe_ends[0], other, n));

		n -= expect_part(got, (long)n);
	}
}

static bool splice_out(struct slot *s, uint64_t n)
{
	bool given = one_in(2);
	uint64_t at = given ? pick_offset() : s->file->at;
	off_t offset = (off_t)at;
	long wanted = !can_read(s) ? -EBADF : at < model_size ? (long)min(n, model_size - at) : 0;

	say("splice out of the file, %lu at %lu%s", n, at, given ? ", offset given" : "");
	n = expect_part(result_of(splice(s->fd, given ? &offset : NULL, pipe_ends[1], NULL, n, 0)), wanted);
	for (uint64_t i = 0; i < n;) {
		uint64_t got = expect_part(result_of(read(pipe_ends[0], block, n - i)), (long)(n - i));

		compare("what was spliced", at + i, block, got);
		i += got;
	}
	if (given)
		expect(offset, (long)(at + n));
	else
		s->file->at += n;
	return true;
}

static bool splice_in(struct slot *s, uint64_t n)
{
	bool given = one_in(2);
	uint64_t at = given ? pick_offset() : s->file->at, i = 0;
	off_t offset = (off_t)at;
	long wanted = !can_write(s) ? -EBADF : s->file->append ? -EINVAL : 1;

	if (!may_reach(at + n))
		return false;
	fill(block, n);
	expect(result_of(write(pipe_ends[1], block, n)), (long)n);
	say("splice into the file, %lu at %lu%s", n, at, given ? ", offset given" : "");
	while (i < n) {
		long result = result_of(splice(pipe_ends[0], NULL, s->fd, given ? &offset : NULL, n - i, 0));

		if (!expect_part(result, wanted < 0 ? wanted : (long)(n - i)))
			break;
		i += (uint64_t)result;
	}
	drain(n - i);
	model_write(at, block, i);
	if (given)
		expect(offset, (long)(at + i));
	else
		s->file->at += i;
	return true;
}

bool do_splice(void)
{
	struct slot *s = pick_slot();
	uint64_t n = min(pick_length(), PIPE_LENGTH);

	if (!s || !n)
		return false;
	return one_in(2) ? splice_out(s, n) : splice_in(s, n);
}

/* One read of a stream that stands at `at`; returns where it stands then. */
static uint64_t read_stream(FILE *f, uint64_t at, uint64_t n)
{
	uint64_t wanted = at < model_size ? min(n, model_size - at) : 0, got = 0;
	int c;

	if (one_in(2)) {
		got = fread(block, 1, n, f);
	} else {
		while (got < n && (c = getc(f)) != EOF)
			block[got++] = (uint8_t)c;
	}
	expect((long)got, (long)wanted);
	compare("what the stream read", at, block, got);
	return at + got;
}

static uint64_t write_stream(FILE *f, uint64_t at, uint64_t n, bool append)
{
	uint64_t put = 0;

	if (append && n)
		at = model_size;
	fill(block, n);
	if (one_in(2)) {
		put = fwrite(block, 1, n, f);
	} else {
		while (put < n && putc(block[put], f) != EOF)
			put++;
	}
	expect((long)put, (long)n);
	model_write(at, block, n);
	return at + n;
}

/* Seeks before each step, as the standard wants it between a read and a write. */
static void use_stream(FILE *f, bool reads, bool writes, bool append)
{
	bool unbuffered = one_in(4);

	if (unbuffered)
		setvbuf(f, NULL, _IONBF, 0);
	for (uint64_t steps = draw(4); steps; steps--) {
		uint64_t at = pick_offset(), n = min(pick_length(), one_in(3) && !unbuffered ? BLOCK : 300);
		bool from_end = one_in(3), write = writes && (!reads || one_in(2));

		if (write && !may_reach((append ? model_size : at) + n))
			continue;
		say("a stream: %s %lu at %lu%s%s", write ? "write" : "read", n, at, from_end ? " by SEEK_END" : "",
		    append ? ", appending" : "");
		expect(from_end ? fseeko(f, (off_t)at - (off_t)model_size, SEEK_END) : fseeko(f, (off_t)at, SEEK_SET), 0);
		at = write ? write_stream(f, at, n, append) : read_stream(f, at, n);
		if (one_in(3))
			expect(fflush(f), 0);
		expect(ftello(f), (long)at);
	}
	expect(fclose(f), 0);
}

static void use_path_stream(void)
{
	static const char *const modes[] = { "r", "re", "r+", "r+e", "w", "w+", "a", "a+" };
	uint64_t m = draw(one_in(4) ? 8 : 4);
	bool cuts = m == 4 || m == 5;
	FILE *f;

	say("fopen(%s)", modes[m]);
	f = fopen(one_in(2) ? path : full_path, modes[m]);
	if (!f)
		fail("%s", strerrorname_np(errno));
	if (cuts)
		model_resize(0);
	use_stream(f, m != 4 && m != 6, m >= 2, m >= 6);
}

bool do_stdio(void)
{
	struct slot *s = one_in(2) ? pick_slot() : NULL;
	bool reads, writes;
	FILE *f;

	if (!s)
		return use_path_stream(), true;
	reads = can_read(s);
	writes = can_write(s);
	say("fdopen");
	f = fdopen(dup(s->fd), !writes ? "r" : s->file->append ? (reads ? "a+" : "a") : reads ? "r+" : "w");
	if (!f)
		fail("%s", strerrorname_np(errno));
	use_stream(f, reads, writes, s->file->append);
	/* Where a stream leaves the shared offset is its own affair. */
	expect(result_of(lseek(s->fd, (off_t)s->file->at, SEEK_SET)), (long)s->file->at);
	return true;
}
