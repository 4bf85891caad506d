/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See journal.h: what becomes of a record when it is sealed: it is read again, its end is noted, it is dropped. */
#include "journal.h"

#include <string.h>

#include "journal_head.h"
#include "page.h"

bool journal_has_records(const struct journal *j)
{
	return j->header.head_seq < j->tail.seq;
}

bool journal_is_empty(const struct journal *j)
{
	return j->free_seq == j->tail.seq;
}

uint64_t journal_live_bytes(const struct journal *j)
{
	if (!journal_has_records(j))
		return 0;
	if (j->header.head_offset < j->tail.offset)
		return j->tail.offset - j->header.head_offset;
	return j->tail.offset - j->header.data_offset + j->allocated - j->header.head_offset;
}

static int pass_over(void *arg, uint64_t offset, const void *data, size_t length)
{
	return 0;
}

/* What the page cache has let go of comes from the disk: as in recovery it is known to be whole before any of it is applied. */
static int look_whether_whole(struct journal *j)
{
	return j->record.length > JOURNAL_CACHED ? journal_each_entry(j->fd, j->start, &j->record, pass_over, NULL) : 0;
}

int journal_each_sealed(struct journal *j, journal_entry_fn fn, void *arg)
{
	const uint8_t *p = j->buffer + sizeof j->record, *end = p + j->record.length;
	int err = 0;

	if (j->flushed) {
		err = look_whether_whole(j);
		return err ? err : journal_each_entry(j->fd, j->start, &j->record, fn, arg);
	}
	while (p < end && !err) {
		struct journal_entry e;

		memcpy(&e, p, sizeof e);
		if (e.offset != JOURNAL_REFERENCE)
			err = fn(arg, e.offset, p + sizeof e, e.length);
		p += sizeof e + round_up(e.length, 8);
	}
	return err;
}

int journal_note(struct journal *j, uint64_t applied_seq, uint64_t applying_seq,
		 const struct stat *file)
{
	struct journal_header before = j->header;
	int err;

	j->header.applied_seq = applied_seq;
	j->header.applying_seq = applying_seq;
	if (file)
		journal_note_file(&j->header, file);
	err = journal_write_header(j->fd, &j->header);
	/* Who tries again must not find it noted. */
	if (err)
		j->header = before;
	return err;
}

int journal_trim(struct journal *j, struct journal_position head)
{
	j->header.head_offset = head.offset;
	j->header.head_seq = head.seq;
	return journal_write_both(j->fd, &j->header);
}
