/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See doubt.h: asking, and writing the answer. */
#include "doubt.h"

#include <string.h>

#include "arena.h"
#include "fmt.h"
#include "journal_find.h"
#include "journal_lock.h"
#include "journal_read.h"
#include "retire.h"
#include "roster.h"
#include "sys.h"

#define IS_OLDER "that is older, or its file has been written since: one of them may be from a backup"

static void unknown(struct doubt *d, const char *reason)
{
	d->answer = DOUBT_UNKNOWN;
	fmt_print(d->reason, sizeof d->reason, "%s", reason);
}

/* With its lock if that is to be had; *held says so. */
static int open_coordinator(const char *path, const struct stat *file, enum doubt_how how, bool *held, bool *busy)
{
	int fd, err;

	*held = *busy = false;
	if (how == DOUBT_OURS) {
		fd = sys_open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
		err = fd < 0 ? fd : journal_share_lock(fd);
		if (err && fd >= 0)
			sys_close(fd);
		*held = !err;
		return err ? err : fd;
	}
	err = how == DOUBT_LOOK ? -EACCES : journal_open_locked(path, file, false, &fd);
	*held = !err;
	if (err == -EBUSY || err == -EACCES || err == -EROFS)
		err = journal_open_unlocked(path, file, &fd, busy);
	return err ? err : fd;
}

struct strike {
	int fd;
	uint64_t salt;
};

static int strike_out(void *arg, const struct companion *c)
{
	const struct strike *s = arg;

	return c->salt == s->salt ? roster_strike(s->fd, c) : 0;
}

/* The coordinator need not ask us any more; when it was kept only for that, it goes. */
static void leave_roster(int cfd, struct doubt *d, uint64_t salt, const struct stat *file)
{
	struct strike s = { cfd, salt };

	roster_each(cfd, &d->asked, strike_out, &s);
	if (doubt_is_kept(d->coordinator, d->asked.salt))
		retire_journal(cfd, d->coordinator, file);
}

struct settling {
	int jfd;
	const char *journal;
	const struct stat *file; /* the coordinator's, if it is there */
	struct journal_header *header;
	struct journal_chain *chain;
	enum doubt_how how;
	struct doubt *d;
};

static bool is_to_be_written(const struct settling *s)
{
	return s->how != DOUBT_LOOK && (s->d->answer == DOUBT_COMMITTED || s->d->answer == DOUBT_ABORTED);
}

/* The coordinator's journal has been found. */
static int settle_with(const struct settling *s, const struct journal_record *rec, const struct journal_reference *ref)
{
	bool held, busy;
	enum journal_find found;
	struct doubt *d = s->d;
	int err, cfd = open_coordinator(d->coordinator, s->file, s->how, &held, &busy);

	/* It was there a moment ago. */
	if (cfd == -ENOENT)
		d->answer = DOUBT_BUSY;
	if (cfd < 0)
		return cfd == -ENOENT ? 0 : cfd;
	err = journal_read_header(cfd, &d->asked, &found);
	/* It was another's a moment ago: recovered, and gone. */
	if (!err && (found != FOUND_HEADER || d->asked.salt != ref->salt))
		d->answer = DOUBT_BUSY;
	else if (!err)
		err = doubt_ask(cfd, &d->asked, ref->seq, rec->transaction, held, &d->answer);
	if (!err && busy && d->answer != DOUBT_UNKNOWN && d->answer != DOUBT_OLDER && d->asked.applying_seq < ref->seq && d->asked.head_seq <= ref->seq)
		d->answer = DOUBT_BUSY;
	if (!err && d->answer == DOUBT_ABORTED && s->how != DOUBT_OURS && s->file)
		err = doubt_file(cfd, &d->asked, d->coordinator, s->file, &d->answer);
	if (!err && (d->answer == DOUBT_UNKNOWN || d->answer == DOUBT_OLDER))
		unknown(d, d->answer == DOUBT_OLDER ? IS_OLDER : "that journal is damaged");
	if (!err && is_to_be_written(s)) {
		err = doubt_write(s->jfd, s->header, s->chain, d->answer);
		if (!err && held && s->how != DOUBT_OURS)
			leave_roster(cfd, d, s->header->salt, s->file);
	}
	sys_close(cfd);
	return err;
}

int doubt_settle(int jfd, const char *journal, const struct stat *file, struct journal_header *header,
		 struct journal_chain *chain, enum doubt_how how, struct doubt *d)
{
	struct settling s = { jfd, journal, file, header, chain, how, d };
	struct journal_reference *ref = NULL;
	struct journal_record rec;
	struct stat theirs;
	size_t length;
	int err;

	d->answer = DOUBT_NONE;
	if (!chain->doubtful)
		return 0;
	err = sys_pread_all(jfd, &rec, sizeof rec, chain->last_at);
	if (!err)
		err = journal_read_reference(jfd, chain->last_at, &rec, &ref, &length);
	if (err)
		return err;
	if (!sys_stat((const char *)(ref + 1) + ref->journal_length, &theirs))
		s.file = &theirs;
	err = journal_find((const char *)(ref + 1), ref->salt, journal, s.file, d->coordinator, sizeof d->coordinator);
	if (err)
		unknown(d, err == -ENOENT ? "that cannot be found" : "that cannot be read");
	err = err ? 0 : settle_with(&s, &rec, ref);
	arena_free(ref, length);
	if (!err && d->answer == DOUBT_UNKNOWN && (how == DOUBT_COMMIT || how == DOUBT_ABORT))
		err = doubt_write(jfd, header, chain, how == DOUBT_COMMIT ? DOUBT_COMMITTED : DOUBT_ABORTED);
	return err;
}

/* What cannot be read speaks against nothing. */
static void confirm_with(const char *path, const struct stat *file, const struct journal_reference *ref, struct doubt *d)
{
	enum journal_find found;
	bool busy, lacks = false;
	int cfd, err = journal_open_unlocked(path, file, &cfd, &busy);

	if (err)
		return;
	err = journal_read_header(cfd, &d->asked, &found);
	if (!err && !busy && found == FOUND_HEADER && d->asked.salt == ref->salt)
		err = doubt_lacks(cfd, &d->asked, ref->seq, &lacks);
	sys_close(cfd);
	if (!err && lacks)
		unknown(d, IS_OLDER);
}

int doubt_confirm(int jfd, const char *journal, const struct journal_chain *chain, struct doubt *d)
{
	struct journal_reference *ref;
	struct journal_record rec;
	struct stat file;
	const struct stat *owner = NULL;
	size_t length;
	int err = sys_pread_all(jfd, &rec, sizeof rec, chain->last_at);

	d->answer = DOUBT_NONE;
	if (err || rec.type != RECORD_PREPARED)
		return err;
	err = journal_read_reference(jfd, chain->last_at, &rec, &ref, &length);
	if (err)
		return err;
	if (!sys_fstat(jfd, &file))
		owner = &file;
	if (!journal_find((const char *)(ref + 1), ref->salt, journal, owner, d->coordinator, sizeof d->coordinator))
		confirm_with(d->coordinator, owner, ref, d);
	arena_free(ref, length);
	return err;
}
