/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See doubt_ask.h. */
#include "doubt_ask.h"

#include <string.h>

#include "fmt.h"
#include "journal_head.h"
#include "marks.h"
#include "stranger.h"
#include "sys.h"

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
	return held ? journal_write_again(cfd, upto.last_at, sizeof r + r.length) : 0;
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
	} else if (chain.last_seq + 1 < seq && !(h->flags & JOURNAL_LAX)) {
		/* The one before was durable when that was named. */
		*answer = DOUBT_OLDER;
	} else if (held) {
		/* Where it would be. */
		err = journal_write_again(cfd, chain.end, JOURNAL_BLOCK);
		if (!err)
			err = journal_write_again(cfd, h->data_offset, JOURNAL_BLOCK);
	}
	return err ? err : sys_fdatasync(cfd);
}

bool doubt_is_kept(const char *journal, uint64_t salt)
{
	char end[64];
	size_t n = strlen(journal), length = fmt_print(end, sizeof end, ".%lx%s", salt, JOURNAL_SUFFIX);

	return n > length && !strcmp(journal + n - length, end);
}

int doubt_file(int cfd, const struct journal_header *h, const char *journal, const struct stat *file, enum doubt_answer *answer)
{
	/* One that is kept is of a file that others have written since. */
	int later = doubt_is_kept(journal, h->salt) ? 0 : stranger_came_later(cfd, h, file);

	if (later > 0)
		*answer = DOUBT_OLDER;
	return later < 0 ? later : 0;
}

int doubt_lacks(int cfd, const struct journal_header *h, uint64_t seq, bool *lacks)
{
	struct journal_chain chain;
	int err;

	*lacks = false;
	if (h->head_seq > seq || (h->flags & JOURNAL_LAX))
		return 0;
	err = journal_scan(cfd, h, &chain);
	*lacks = !err && !chain.gap && !chain.newer && chain.last_seq < seq;
	return err;
}

/*
 * The record before the last one was decided, or there would be none after it.  Where the last one goes only the header can say so: else
 * it would be in doubt again, when nobody is left who remembers.
 */
static int prove_decided(int jfd, struct journal_header *header, uint64_t seq)
{
	if (seq < header->head_seq || header->applying_seq >= seq)
		return 0;
	header->applying_seq = seq;
	return journal_write_header(jfd, header);
}

int doubt_write(int jfd, struct journal_header *header, struct journal_chain *chain, enum doubt_answer answer)
{
	struct journal_record r;
	int err = sys_pread_all(jfd, &r, sizeof r, chain->last_at);

	if (!err && answer == DOUBT_ABORTED)
		err = prove_decided(jfd, header, chain->last_seq - 1);
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
