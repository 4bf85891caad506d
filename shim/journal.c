/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer of journal_format.h; see journal.h.
 *
 * Room.  The log is a ring that grows at its end: a new record goes to the start of the file when
 * enough old ones have been trimmed there, else behind the last one.  How long it
 * will be is only known at the end; a record that outgrows the room at the start is moved.
 * New parts of the file are written with zeros beforehand, so that most syncs carry no metadata: not more than a MiB with each record, which
 * waits for that too, and beside which metadata weigh nothing if it is larger itself.
 */
#include "journal.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "arena.h"
#include "journal_head.h"
#include "journal_lock.h"
#include "page.h"
#include "progress.h"
#include "sys.h"

#define FIRST_LENGTH ((uint64_t)64 << 10)
#define LARGEST_STEP ((uint64_t)1 << 20)
#define MOVE_SIZE ((size_t)1 << 20)
#define HASH_STEP ((size_t)64 << 10)
#define AHEAD (JOURNAL_CACHED / 2)

unsigned journal_seals;

/* Writes zeros where the file will be used next, behind a record that ends at `end`. */
static int extend(struct journal *j, uint64_t end)
{
	uint64_t length = max_u64(FIRST_LENGTH, j->allocated + min_u64(j->allocated, LARGEST_STEP));
	uint64_t at = max_u64(end, j->allocated);
	static const uint8_t zeros[65536];

	if (end <= j->allocated)
		return 0;
	length = round_up(max_u64(length, end), JOURNAL_BLOCK);
	while (at < length) {
		size_t n = (size_t)min_u64(length - at, sizeof zeros);
		int err = sys_pwrite_all(j->fd, zeros, n, at);

		/* Room for later is a courtesy; the record itself is what must fit. */
		if (err)
			break;
		at += n;
	}
	j->allocated = at;
	return 0;
}

int journal_begin(struct journal *j)
{
	bool idle = journal_is_empty(j);
	bool wrapped = !idle && j->tail.offset <= j->free_limit;

	if (j->error)
		return j->error;
	j->start = j->tail.offset;
	j->room_end = wrapped ? j->free_limit : UINT64_MAX;
	if (idle) {
		/* The durable head may be elsewhere, but the chain from there leads here too. */
		j->start = j->header.head_offset = j->free_limit = j->header.data_offset;
	} else if (!wrapped && j->free_limit - j->header.data_offset >= j->allocated / 2) {
		j->start = j->header.data_offset;
		j->room_end = j->free_limit;
	}
	memset(j->buffer, 0, sizeof j->record);
	j->flushed = 0;
	j->ahead = false;
	j->used = j->hashed = sizeof j->record;
	memset(&j->record, 0, sizeof j->record);
	XXH3_64bits_reset(j->hash);
	return 0;
}

/* Nothing of a record that went past the page cache is under way any more. */
static int await_writes(struct journal *j)
{
	int err = direct_finish(&j->direct);

	if (err && err != -ENOSPC && err != -EDQUOT && !j->error)
		j->error = err;
	return err;
}

/* The file need not be longer than what is in it. */
static void give_room_back(struct journal *j)
{
	uint64_t end = round_up(j->start + j->flushed + j->used, JOURNAL_BLOCK);

	/* Once only: later others may have written behind it. */
	if (j->ahead && !sys_ftruncate(j->fd, end))
		j->allocated = end;
	j->ahead = false;
}

int journal_settle(struct journal *j)
{
	int err = await_writes(j);

	give_room_back(j);
	return err;
}

/* The record has outgrown the room at the start: go on behind the last one. */
static int move_to_tail(struct journal *j)
{
	uint64_t from = j->start, to = j->tail.offset, left = j->flushed;
	char *scratch;
	int err;

	if (j->start == j->tail.offset)
		return -EAGAIN;
	err = await_writes(j);
	if (err)
		return err;
	scratch = arena_alloc(MOVE_SIZE);
	if (!scratch)
		return -ENOMEM;
	while (left > 0 && !err) {
		size_t n = (size_t)min_u64(left, MOVE_SIZE);

		err = sys_pread_all(j->fd, scratch, n, from);
		if (!err)
			err = sys_pwrite_all(j->fd, scratch, n, to);
		from += n;
		to += n;
		left -= n;
	}
	arena_free(scratch, MOVE_SIZE);
	j->start = j->tail.offset;
	j->room_end = UINT64_MAX;
	return err;
}

static void hash_buffer(struct journal *j)
{
	XXH3_64bits_update(j->hash, j->buffer + j->hashed, j->used - j->hashed);
	j->hashed = j->used;
}

/*
 * The disk need not wait for the whole of it.  Of a long one it is waited for here, and the page cache keeps the last part only: memory that is used
 * again and again costs less than as much new memory as the record is long.
 */
static int write_back(struct journal *j, uint64_t at)
{
	int err = sys_start_writeback(j->fd, at, j->used);

	if (err || j->flushed < JOURNAL_CACHED + JOURNAL_BUFFER)
		return err;
	err = sys_finish_writeback(j->fd, at - JOURNAL_CACHED, JOURNAL_BUFFER);
	if (!err)
		sys_drop_cache(j->fd, at - JOURNAL_CACHED - JOURNAL_BUFFER, 2 * JOURNAL_BUFFER);
	return err;
}

/* What is to be written past the page cache must have its place. -ENOTSUP: the file system gives none. */
static int make_room(struct journal *j, uint64_t end)
{
	for (uint64_t more = AHEAD; end > j->allocated; more /= 2) {
		uint64_t length = max_u64(end - j->allocated, more);
		int err = sys_fallocate(j->fd, 0, j->allocated, length);

		if (!err) {
			j->allocated += length;
			j->ahead = true;
		} else if (err != -ENOSPC && err != -EDQUOT && err != -EFBIG) {
			return -ENOTSUP;
		} else if (length > more) {
			return err;
		}
	}
	return 0;
}

/* The buffer may be another one afterwards. */
static int write_part(struct journal *j)
{
	uint64_t at = j->start + j->flushed;
	bool past_the_cache = j->durable && j->sole && j->flushed >= JOURNAL_CACHED && direct_is_possible(&j->direct);
	int err = past_the_cache ? make_room(j, at + j->used) : -ENOTSUP;

	if (!err)
		err = direct_write(&j->direct, j->fd, &j->buffer, j->used, at);
	if (err != -ENOTSUP)
		return err;
	err = sys_pwrite_all(j->fd, j->buffer, j->used, at);
	if (!err && j->durable)
		err = j->error = write_back(j, at);
	return err;
}

static int flush(struct journal *j)
{
	uint64_t end = j->start + j->flushed + j->used;
	int err = end > j->room_end ? move_to_tail(j) : 0;

	if (err)
		return err;
	end = j->start + j->flushed + j->used;
	hash_buffer(j);
	err = write_part(j);
	if (err) {
		await_writes(j);
		return err;
	}
	if (end > j->allocated)
		j->allocated = end;
	j->flushed += j->used;
	j->used = j->hashed = 0;
	progress_show(0, 0);
	return 0;
}

static int append(struct journal *j, const void *data, size_t length)
{
	const uint8_t *p = data;

	while (length > 0) {
		size_t n = (size_t)min_u64(length, JOURNAL_BUFFER - j->used);

		if (p) {
			memcpy(j->buffer + j->used, p, n);
			p += n;
		} else {
			memset(j->buffer + j->used, 0, n);
		}
		j->used += n;
		length -= n;
		if (j->used - j->hashed >= HASH_STEP)
			hash_buffer(j);
		if (j->used == JOURNAL_BUFFER) {
			int err = flush(j);

			if (err)
				return err;
		}
	}
	return 0;
}

int journal_put(struct journal *j, uint64_t offset, const void *data, size_t length)
{
	const uint8_t *p = data;
	int err = 0;

	while (length > 0 && !err) {
		struct journal_entry e = { offset, (uint32_t)min_u64(length, 1u << 30), 0 };
		size_t padding = (size_t)(round_up(e.length, 8) - e.length);

		err = append(j, &e, sizeof e);
		if (!err)
			err = append(j, p, e.length);
		if (!err)
			err = append(j, NULL, padding);
		j->record.length += sizeof e + e.length + padding;
		p += e.length;
		offset += e.length;
		length -= e.length;
	}
	return err;
}

/*
 * A commit that is reported as failed should not come back to life: when the record may have reached
 * the disk but the sync failed, blot it out as well as can be done now.  0: it is known to be gone.
 */
static int blot_out(struct journal *j)
{
	static const struct journal_record nothing;
	int err;

	/* In a ring that is full to its last block nothing of it was written: there the oldest record begins, which lives. */
	if (j->start == j->room_end)
		return 0;
	err = sys_pwrite_all(j->fd, &nothing, sizeof nothing, j->start);
	return !err && j->durable ? sys_fdatasync(j->fd) : err;
}

int journal_synced(struct journal *j, int err)
{
	if (!err && j->durable && !j->named)
		err = sync_folder_of(j->path);
	if (err) {
		j->error = err;
		return err;
	}
	j->free_limit = j->header.head_offset;
	j->free_seq = j->header.head_seq;
	return 0;
}

int journal_sync(struct journal *j)
{
	if (j->error)
		return j->error;
	return journal_synced(j, !j->durable ? 0 : j->record.length < PROGRESS_LITTLE ? sys_fdatasync(j->fd) : progress_fdatasync(j->fd));
}

/* What is in the buffer goes out with its last block filled up, so that the kernel need not read it. */
static int write_out(struct journal *j)
{
	uint64_t end = j->start + j->flushed + j->used;
	size_t padding = (size_t)(round_up(end, JOURNAL_BLOCK) - end);
	int err = end + padding > j->room_end ? move_to_tail(j) : await_writes(j);

	if (err)
		return err;
	hash_buffer(j);
	j->record.body_checksum = XXH3_64bits_digest(j->hash);
	j->record.head_checksum =
		journal_hash(&j->record, offsetof(struct journal_record, head_checksum));
	if (padding <= JOURNAL_BUFFER - j->used)
		memset(j->buffer + j->used, 0, padding);
	else
		padding = 0;
	if (!j->flushed)
		memcpy(j->buffer, &j->record, sizeof j->record);
	err = sys_pwrite_all(j->fd, j->buffer, j->used + padding, j->start + j->flushed);
	if (!err && j->flushed)
		err = sys_pwrite_all(j->fd, &j->record, sizeof j->record, j->start);
	return err;
}

static uint64_t record_end(const struct journal *j)
{
	return round_up(j->start + sizeof j->record + j->record.length, JOURNAL_BLOCK);
}

static int write_record(struct journal *j, enum journal_record_type type, const struct journal_sealing *s)
{
	int err;

	j->record.magic = JOURNAL_RECORD_MAGIC;
	j->record.type = (uint16_t)type;
	j->record.flags = s->removed ? RECORD_REMOVED : 0;
	j->record.seq = j->tail.seq;
	j->record.salt = j->header.salt;
	j->record.transaction = s->transaction;
	j->record.cut_size = s->cut_size;
	j->record.new_size = s->new_size;
	j->record.time = sys_now_ns(CLOCK_REALTIME);
	err = write_out(j);
	/* It was not written whole, so it is none; what there is of it goes all the same. */
	if (err)
		blot_out(j);
	else
		extend(j, record_end(j));
	return err;
}

void journal_accept(struct journal *j)
{
	j->tail = (struct journal_position){ record_end(j), j->tail.seq + 1 };
	journal_seals++;
}

int journal_seal(struct journal *j, const struct journal_sealing *s)
{
	int err = write_record(j, RECORD_COMMIT, s);

	j->lingers = false;
	if (err)
		return err;
	err = journal_sync(j);
	if (err)
		j->lingers = blot_out(j) != 0;
	else
		journal_accept(j);
	return err;
}

int journal_prepare(struct journal *j, const struct journal_sealing *s, const struct journal_reference *reference,
		    size_t length)
{
	int err = journal_put(j, JOURNAL_REFERENCE, reference, length);

	return err ? err : write_record(j, RECORD_PREPARED, s);
}

void journal_revoke(struct journal *j)
{
	int err = blot_out(j);

	j->lingers = err != 0;
	if (err && !j->error)
		j->error = err;
}
