/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See doubt_ask.h. */
#include "doubt_ask.h"

#include <string.h>

#include "arena.h"
#include "page.h"
#include "sys.h"

#define PIECE ((size_t)64 << 10)

/*
 * The page cache may show what never reached the disk, if a write failed before: what the answer rests on is written
 * once more, the same bytes, so that the next sync speaks of it.
 */
static int write_again(int fd, uint64_t at, uint64_t length)
{
	char *piece = arena_alloc(PIECE);
	int err = piece ? 0 : -ENOMEM;

	while (length > 0 && !err) {
		ssize_t n = sys_pread(fd, piece, (size_t)min_u64(length, PIECE), at);

		if (n <= 0) {
			err = (int)n;
			break;
		}
		err = sys_pwrite_all(fd, piece, (size_t)n, at);
		at += (uint64_t)n;
		length -= (uint64_t)n;
	}
	arena_free(piece, PIECE);
	return err;
}

/* Is it record seq of that transaction? */
static int look_at_record(int cfd, const struct journal_header *h, uint64_t seq, uint64_t transaction, bool held,
			  enum doubt_answer *answer)
{
	struct journal_chain upto;
	struct journal_record r;
	int err = journal_scan_to(cfd, h, seq, &upto);

	if (!err && upto.last_seq != seq)
		err = -EBADMSG;
	if (!err)
		err = sys_pread_all(cfd, &r, sizeof r, upto.last_at);
	if (err)
		return err;
	*answer = r.transaction == transaction ? DOUBT_COMMITTED : DOUBT_ABORTED;
	return held ? write_again(cfd, upto.last_at, sizeof r + r.length) : 0;
}

int doubt_ask(int cfd, const struct journal_header *h, uint64_t seq, uint64_t transaction, bool held,
	      enum doubt_answer *answer)
{
	struct journal_chain chain;
	int err;

	*answer = DOUBT_COMMITTED;
	if (h->head_seq > seq)
		return 0;
	err = journal_scan(cfd, h, &chain);
	if (err)
		return err;
	*answer = DOUBT_ABORTED;
	if (chain.last_seq >= seq) {
		err = look_at_record(cfd, h, seq, transaction, held, answer);
	} else if (chain.gap || chain.newer) {
		*answer = DOUBT_UNKNOWN;
	} else if (held) {
		/* Where it would be. */
		err = write_again(cfd, chain.end, JOURNAL_BLOCK);
		if (!err)
			err = write_again(cfd, h->data_offset, JOURNAL_BLOCK);
	}
	return err ? err : sys_fdatasync(cfd);
}

int doubt_write(int jfd, const struct journal_header *header, struct journal_chain *chain, enum doubt_answer answer)
{
	struct journal_record r;
	int err = sys_pread_all(jfd, &r, sizeof r, chain->last_at);

	if (err)
		return err;
	if (answer == DOUBT_COMMITTED) {
		r.type = RECORD_COMMIT;
		r.head_checksum = journal_hash(&r, offsetof(struct journal_record, head_checksum));
	} else {
		memset(&r, 0, sizeof r);
	}
	err = sys_pwrite_all(jfd, &r, sizeof r, chain->last_at);
	if (!err)
		err = sys_fdatasync(jfd);
	return err ? err : journal_scan(jfd, header, chain);
}
