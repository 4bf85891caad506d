/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See journal_read.h. */
#include "journal_read.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "arena.h"
#include "page.h"
#include "sys.h"

#define PIECE ((size_t)1 << 20)
#define DROP ((uint64_t)4 << 20) /* what is dropped with each piece: folios that it has in part only, too */

/* What of a record's entries is in memory: `held` bytes from `at` on. */
struct piece {
	int fd;
	uint64_t end; /* of the record */
	bool drops;   /* it is too long to be kept in the page cache, which the writer has not done either */
	uint64_t at;
	size_t held;
	uint8_t *bytes;
	XXH3_state_t *hash; /* of what was taken */
};

static int piece_read(struct piece *p, uint64_t at)
{
	int err;

	if (p->drops)
		sys_drop_cache(p->fd, at - min_u64(at, DROP), DROP);
	p->at = at;
	p->held = (size_t)min_u64(p->end - at, PIECE);
	err = sys_pread_all(p->fd, p->bytes, p->held, at);
	if (err)
		p->held = 0;
	return err;
}

/* The n bytes at `at`, which the record has; NULL and *err. */
static const uint8_t *piece_have(struct piece *p, uint64_t at, size_t n, int *err)
{
	if (at < p->at || at + n > p->at + p->held)
		*err = piece_read(p, at);
	return *err ? NULL : p->bytes + (at - p->at);
}

/* How many of the `left` bytes at `at`, which belong at `offset`, are there: all, or up to a page border, so that no page is changed twice. */
static uint64_t piece_has(const struct piece *p, uint64_t at, uint64_t offset, uint64_t left)
{
	uint64_t n = at >= p->at && at < p->at + p->held ? p->at + p->held - at : 0, over = (offset + n) % page_size();

	if (n >= left)
		return left;
	return n > over ? n - over : 0;
}

/* n bytes of an entry, from `done` on. */
static int take(struct piece *p, const struct journal_entry *e, uint64_t done, const uint8_t *bytes, uint64_t n, journal_entry_fn fn,
		void *arg)
{
	XXH3_64bits_update(p->hash, bytes, n);
	return e->offset == JOURNAL_REFERENCE ? 0 : fn(arg, e->offset + done, bytes, n);
}

static int take_filling(struct piece *p, uint64_t at, size_t n)
{
	int err = 0;
	const uint8_t *bytes = n ? piece_have(p, at, n, &err) : NULL;

	if (bytes)
		XXH3_64bits_update(p->hash, bytes, n);
	return err;
}

static int emit_entry(struct piece *p, uint64_t at, const struct journal_entry *e, journal_entry_fn fn, void *arg)
{
	uint64_t done = 0, n;
	int err = 0;

	for (; done < e->length && !err; done += n) {
		n = piece_has(p, at + done, e->offset + done, e->length - done);
		if (!n)
			err = piece_read(p, at + done);
		else
			err = take(p, e, done, p->bytes + (at + done - p->at), n, fn, arg);
	}
	return err ? err : take_filling(p, at + e->length, (size_t)(round_up(e->length, 8) - e->length));
}

static int each_entry(struct piece *p, journal_entry_fn fn, void *arg)
{
	uint64_t at = p->at;
	int err = 0;

	while (at < p->end && !err) {
		struct journal_entry e = { 0, 0, 0 };
		const uint8_t *head = p->end - at < sizeof e ? NULL : piece_have(p, at, sizeof e, &err);

		if (err)
			break;
		if (head)
			memcpy(&e, head, sizeof e);
		at += sizeof e;
		XXH3_64bits_update(p->hash, &e, sizeof e);
		if (e.length == 0 || at > p->end || round_up(e.length, 8) > p->end - at ||
		    (e.offset != JOURNAL_REFERENCE && e.offset > INT64_MAX - (uint64_t)e.length))
			err = -EBADMSG;
		else
			err = emit_entry(p, at, &e, fn, arg);
		at += round_up(e.length, 8);
	}
	return err;
}

int journal_each_entry(int fd, uint64_t offset, const struct journal_record *record,
		       journal_entry_fn fn, void *arg)
{
	uint64_t at = offset + sizeof *record;
	struct piece p = { fd, at + record->length, record->length > JOURNAL_CACHED, at, 0, arena_alloc(PIECE), arena_alloc(sizeof *p.hash) };
	int err = -ENOMEM;

	if (p.bytes && p.hash) {
		XXH3_64bits_reset(p.hash);
		err = each_entry(&p, fn, arg);
		if (!err && XXH3_64bits_digest(p.hash) != record->body_checksum)
			err = -EBADMSG;
	}
	arena_free(p.hash, sizeof *p.hash);
	arena_free(p.bytes, PIECE);
	return err;
}

bool journal_paths_are_sound(const char *paths, uint64_t journal_length, uint64_t file_length, uint64_t room)
{
	return journal_length > 1 && file_length > 1 && journal_length <= PATH_MAX && file_length <= PATH_MAX &&
	       journal_length + file_length <= room && strnlen(paths, journal_length) == journal_length - 1 &&
	       strnlen(paths + journal_length, file_length) == file_length - 1;
}

static int take_reference(int fd, uint64_t at, size_t length, struct journal_reference **reference)
{
	bool fits = length >= sizeof(struct journal_reference) && length <= sizeof(struct journal_reference) + 2 * PATH_MAX;
	struct journal_reference *r = fits ? arena_alloc(length) : NULL;
	int err = r ? sys_pread_all(fd, r, length, at) : fits ? -ENOMEM : -EBADMSG;

	if (!err && !journal_paths_are_sound((const char *)(r + 1), r->journal_length, r->file_length, length - sizeof *r))
		err = -EBADMSG;
	if (err)
		arena_free(r, length);
	else
		*reference = r;
	return err;
}

int journal_read_reference(int fd, uint64_t offset, const struct journal_record *record,
			   struct journal_reference **reference, size_t *length)
{
	uint64_t at = offset + sizeof *record, end = at + record->length;

	while (end - at > sizeof(struct journal_entry)) {
		struct journal_entry e;
		int err = sys_pread_all(fd, &e, sizeof e, at);

		at += sizeof e;
		if (err)
			return err;
		if (e.length == 0 || round_up(e.length, 8) > end - at)
			return -EBADMSG;
		*length = e.length;
		if (e.offset == JOURNAL_REFERENCE)
			return take_reference(fd, at, e.length, reference);
		at += round_up(e.length, 8);
	}
	return -EBADMSG;
}
