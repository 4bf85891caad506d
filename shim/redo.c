/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See redo.h. */
#include "redo.h"

#include <string.h>

#include "arena.h"
#include "journal_head.h"
#include "journal_read.h"
#include "page.h"
#include "progress.h"
#include "sys.h"

#define EARLY ((uint64_t)16 << 20)
#define PIECE ((size_t)64 << 10)
#define DIFFERS 1

struct redoing {
	int fd;  /* of the marked file */
	int jfd;
	struct journal_beat beat;
	uint64_t done;
	uint64_t all;
};

static int write_entry(void *arg, uint64_t offset, const void *data, size_t length)
{
	struct redoing *r = arg;
	int err;

	journal_beat(r->jfd, &r->beat, length);
	err = sys_pwrite_all(r->fd, data, length, offset);

	/* The disk need not wait for all of it. */
	if (!err && (r->done + length) / EARLY != r->done / EARLY)
		err = sys_start_writeback(r->fd, 0, 0);
	r->done += length;
	progress_show(r->done, r->all);
	return err;
}

static int redo_record(struct redoing *r, uint64_t at, const struct journal_record *rec)
{
	struct stat st;
	int err = sys_fstat(r->fd, &st);

	if (!err && rec->new_size > INT64_MAX)
		err = -EBADMSG;
	if (!err && (uint64_t)st.st_size > rec->cut_size)
		err = sys_ftruncate(r->fd, rec->cut_size);
	if (!err)
		err = sys_ftruncate(r->fd, rec->new_size);
	if (!err)
		err = journal_each_entry(r->jfd, at, rec, write_entry, r);
	return err;
}

static int redo_records(int jfd, const struct journal_header *h, const struct journal_chain *chain, int file_fd, uint64_t in_file)
{
	struct redoing r = { .fd = file_fd, .jfd = jfd, .all = chain->bytes };
	uint64_t pos = h->head_offset;

	for (uint64_t seq = h->head_seq; seq <= chain->last_seq; seq++) {
		struct journal_record rec;
		uint64_t at = seq == chain->wrapped_seq ? h->data_offset : pos;
		int err = journal_read_located(jfd, h, seq, at, &rec);

		if (!err && seq > in_file)
			err = redo_record(&r, at, &rec);
		if (err)
			return err;
		pos = round_up(at + sizeof rec + rec.length, JOURNAL_BLOCK);
	}
	return 0;
}

int redo_chain(int jfd, const struct journal_header *h, const struct journal_chain *chain, int file_fd, uint64_t in_file)
{
	int err;

	progress_begin(file_fd, "is being recovered");
	err = redo_records(jfd, h, chain, file_fd, in_file);
	progress_end();
	return err;
}

struct comparing {
	int fd; /* of the marked file */
	char *piece;
};

static int compare_entry(void *arg, uint64_t offset, const void *data, size_t length)
{
	const struct comparing *c = arg;
	const char *bytes = data;

	for (size_t n; length > 0; bytes += n, offset += n, length -= n) {
		int err;

		n = length < PIECE ? length : PIECE;
		err = sys_pread_all(c->fd, c->piece, n, offset);
		if (err)
			return err == -ENODATA ? DIFFERS : err;
		if (memcmp(c->piece, bytes, n))
			return DIFFERS;
	}
	return 0;
}

int redo_is_done(int jfd, const struct journal_chain *chain, int file_fd)
{
	struct comparing c = { file_fd, arena_alloc(PIECE) };
	struct journal_record rec;
	struct stat st;
	int err = c.piece ? sys_pread_all(jfd, &rec, sizeof rec, chain->last_at) : -ENOMEM;

	if (!err)
		err = sys_fstat(file_fd, &st);
	if (!err && !chain->removed)
		err = (uint64_t)st.st_size != rec.new_size ? DIFFERS : journal_each_entry(jfd, chain->last_at, &rec, compare_entry, &c);
	arena_free(c.piece, PIECE);
	return err ? (err == DIFFERS ? 0 : err) : 1;
}
