/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of journal_format.h; see journal_scan.h for its rules. */
#include "journal_scan.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "arena.h"
#include "journal_entries.h"
#include "page.h"
#include "sys.h"

#define SCRATCH ((size_t)1 << 20)

uint64_t journal_hash(const void *data, size_t length)
{
	return XXH3_64bits(data, length);
}

static bool all_zero(const void *data, size_t length)
{
	const unsigned char *p = data;

	return length == 0 || (p[0] == 0 && !memcmp(p, p + 1, length - 1));
}

static enum journal_find judge_slot(const struct journal_header *h, unsigned slot)
{
	if (all_zero(h, sizeof *h))
		return FOUND_NOTHING;
	if (h->magic != JOURNAL_MAGIC)
		return FOUND_DAMAGE;
	/* A newer header may be laid out in another way: its checksum is not ours to judge. */
	if (h->version != JOURNAL_VERSION)
		return h->version > JOURNAL_VERSION ? FOUND_NEWER : FOUND_DAMAGE;
	if (h->checksum != journal_hash(h, offsetof(struct journal_header, checksum)))
		return FOUND_DAMAGE;
	if (h->data_offset < JOURNAL_DATA || h->data_offset % JOURNAL_BLOCK || h->head_offset < h->data_offset ||
	    h->head_offset % JOURNAL_BLOCK || h->head_offset > INT64_MAX / 2 || !h->head_seq || (h->serial & 1) != slot)
		return FOUND_DAMAGE;
	return h->flags & ~JOURNAL_KNOWN_FLAGS ? FOUND_NEWER : FOUND_HEADER;
}

/* A slot that the file ends in counts as never written: a header is written whole or not at all. */
static int read_slot(int fd, unsigned slot, struct journal_header *h)
{
	int err = sys_pread_all(fd, h, sizeof *h, (uint64_t)slot * JOURNAL_BLOCK);

	if (err == -ENODATA) {
		memset(h, 0, sizeof *h);
		return 0;
	}
	return err;
}

int journal_read_header(int fd, struct journal_header *header, enum journal_find *found)
{
	struct journal_header slots[2];
	enum journal_find verdicts[2];

	for (unsigned i = 0; i < 2; i++) {
		int err = read_slot(fd, i, &slots[i]);

		if (err)
			return err;
		verdicts[i] = judge_slot(&slots[i], i);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (verdicts[i] == FOUND_NEWER) {
			*found = FOUND_NEWER;
			*header = slots[i];
			return 0;
		}
	}
	if (verdicts[0] == FOUND_HEADER &&
	    (verdicts[1] != FOUND_HEADER || slots[0].serial > slots[1].serial)) {
		*header = slots[0];
		*found = FOUND_HEADER;
	} else if (verdicts[1] == FOUND_HEADER) {
		*header = slots[1];
		*found = FOUND_HEADER;
	} else if (verdicts[0] == FOUND_DAMAGE || verdicts[1] == FOUND_DAMAGE) {
		*found = FOUND_DAMAGE;
	} else {
		*found = FOUND_NOTHING;
	}
	return 0;
}

static int journal_length(int fd, uint64_t *length)
{
	struct stat st;
	int err = sys_fstat(fd, &st);

	*length = err ? 0 : (uint64_t)st.st_size;
	return err;
}

/* Is there a sound record head of this journal at pos?  Its body is not looked at. */
static int read_record_head(int fd, const struct journal_header *header, uint64_t pos,
			    struct journal_record *r)
{
	int err = sys_pread_all(fd, r, sizeof *r, pos);

	if (err)
		return err == -ENODATA ? -ENOENT : err;
	if (r->magic != JOURNAL_RECORD_MAGIC || r->salt != header->salt ||
	    r->head_checksum != journal_hash(r, offsetof(struct journal_record, head_checksum)))
		return -ENOENT;
	return 0;
}

/* -ENOENT: it is not whole. */
static int check_body(int fd, uint64_t pos, const struct journal_record *r)
{
	struct entries entries = { .record = r };
	uint64_t length, left = r->length, at = pos + sizeof *r;
	XXH3_state_t *state;
	char *scratch;
	int err = journal_length(fd, &length);

	if (err)
		return err;
	if (at > length || left > length - at)
		return -ENOENT;
	state = arena_alloc(sizeof *state);
	scratch = arena_alloc(SCRATCH);
	if (!state || !scratch) {
		err = -ENOMEM;
		goto out;
	}
	XXH3_64bits_reset(state);
	while (left > 0 && !err) {
		size_t n = (size_t)min_u64(left, SCRATCH);

		err = sys_pread_all(fd, scratch, n, at);
		if (!err)
			XXH3_64bits_update(state, scratch, n);
		if (!err)
			entries_see(&entries, scratch, n);
		at += n;
		left -= n;
	}
	if (!err)
		err = XXH3_64bits_digest(state) == r->body_checksum ? entries_verdict(&entries) : -ENOENT;
out:
	arena_free(scratch, SCRATCH);
	arena_free(state, sizeof *state);
	return err;
}

static int try_record(int fd, const struct journal_header *header, uint64_t seq, uint64_t pos,
		      struct journal_record *r)
{
	int err = read_record_head(fd, header, pos, r);

	if (err)
		return err;
	if (r->seq != seq)
		return -ENOENT;
	if ((r->type != RECORD_COMMIT && r->type != RECORD_PREPARED) || (r->flags & ~RECORD_KNOWN_FLAGS))
		return -EPROTONOSUPPORT;
	return check_body(fd, pos, r);
}

int journal_locate(int fd, const struct journal_header *header, uint64_t seq, uint64_t pos,
		   uint64_t *offset, struct journal_record *record)
{
	int err = try_record(fd, header, seq, pos, record);

	*offset = pos;
	if (err == -ENOENT && pos != header->data_offset) {
		*offset = header->data_offset;
		err = try_record(fd, header, seq, *offset, record);
	}
	return err;
}

int journal_read_located(int fd, const struct journal_header *header, uint64_t seq, uint64_t offset, struct journal_record *record)
{
	int err = read_record_head(fd, header, offset, record);

	return err == -ENOENT || (!err && record->seq != seq) ? -EBADMSG : err;
}

/* Where the chain's own records are, which have been read, there is no other. */
static uint64_t behind_chain(const struct journal_header *header, const struct journal_chain *chain, uint64_t pos)
{
	uint64_t first_end = chain->wrapped_seq ? chain->wrapped_at : chain->end;

	if (chain->wrapped_seq && pos < chain->end)
		pos = chain->end;
	return pos >= header->head_offset && pos < first_end ? first_end : pos;
}

/* Looks at every other block for a sound record head numbered above seq. */
static int find_later_record(int fd, const struct journal_header *header, const struct journal_chain *chain, uint64_t seq,
			     bool *found)
{
	char *scratch = arena_alloc(SCRATCH);
	uint64_t pos = behind_chain(header, chain, header->data_offset);
	ssize_t n = 1;

	*found = false;
	if (!scratch)
		return -ENOMEM;
	while (!*found && n > 0) {
		int64_t data = sys_lseek(fd, (int64_t)pos, SEEK_DATA);

		/* Holes hold nothing; a file system that does not know them has none. */
		if (data == -ENXIO)
			break;
		if (data > (int64_t)pos)
			pos = (uint64_t)data / JOURNAL_BLOCK * JOURNAL_BLOCK;
		n = sys_pread(fd, scratch, SCRATCH, pos);
		for (ssize_t i = 0; i + (ssize_t)sizeof(struct journal_record) <= n;
		     i += JOURNAL_BLOCK) {
			struct journal_record r;

			memcpy(&r, scratch + i, sizeof r);
			if (r.magic == JOURNAL_RECORD_MAGIC && r.salt == header->salt &&
			    r.seq > seq &&
			    r.head_checksum ==
				    journal_hash(&r, offsetof(struct journal_record, head_checksum)))
				*found = true;
		}
		pos = behind_chain(header, chain, pos + SCRATCH);
	}
	arena_free(scratch, SCRATCH);
	return n < 0 ? (int)n : 0;
}

static int walk(int fd, const struct journal_header *header, uint64_t last, struct journal_chain *chain)
{
	uint64_t pos = header->head_offset, offset;
	struct journal_record r;
	int err = 0;

	memset(chain, 0, sizeof *chain);
	chain->last_seq = header->head_seq - 1;
	chain->end = pos;
	while (chain->last_seq < last) {
		err = journal_locate(fd, header, chain->last_seq + 1, pos, &offset, &r);
		if (err)
			break;
		if (offset != pos) {
			chain->wrapped_seq = r.seq;
			chain->wrapped_at = pos;
		}
		chain->records++;
		chain->last_at = offset;
		chain->doubtful = r.type == RECORD_PREPARED && header->applying_seq < r.seq;
		chain->bytes += r.length;
		chain->last_seq = r.seq;
		chain->last_time = r.time;
		chain->new_size = r.new_size;
		chain->removed = r.flags & RECORD_REMOVED;
		pos = round_up(offset + sizeof r + r.length, JOURNAL_BLOCK);
		chain->end = pos;
	}
	return err;
}

int journal_scan_to(int fd, const struct journal_header *header, uint64_t last, struct journal_chain *chain)
{
	int err = walk(fd, header, last, chain);

	chain->doubtful = false;
	return err == -ENOENT || err == -EPROTONOSUPPORT || err == -EBADMSG ? 0 : err;
}

int journal_scan(int fd, const struct journal_header *header, struct journal_chain *chain)
{
	int err = walk(fd, header, UINT64_MAX, chain);

	chain->newer = err == -EPROTONOSUPPORT;
	chain->gap = err == -EBADMSG;
	if (err != -ENOENT)
		return chain->newer || chain->gap ? 0 : err;
	if (header->flags & JOURNAL_LAX)
		return 0;
	chain->gap = max_u64(header->applied_seq, header->applying_seq) > chain->last_seq;
	if (chain->gap)
		return 0;
	return find_later_record(fd, header, chain, chain->last_seq + 1, &chain->gap);
}
