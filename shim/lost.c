/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See lost.h. */
#include "lost.h"

#include "checkpoint.h"
#include "doubt.h"
#include "handover.h"
#include "journal_lock.h"
#include "log.h"
#include "network.h"
#include "participants.h"
#include "roster.h"
#include "sys.h"

/* One that is being killed looks alive for a while, but does not answer. */
static bool is_had(unsigned file)
{
	struct shared_session *s = shared_session();

	if (shared_me()->places[file].attached)
		return true;
	for (unsigned i = 0; i < s->slots; i++) {
		if (s->participants[i].state == SLOT_TAKEN && s->participants[i].places[file].attached &&
		    participants_ask(i, ASK_ALIVE, NULL, NULL) != -ESRCH)
			return true;
	}
	return false;
}

void lost_settle_files(void)
{
	struct shared_session *s = shared_session();

	for (unsigned i = 0; i < s->file_count; i++) {
		bool had;

		if (!s->files[i].in_use || !s->files[i].unsettled)
			continue;
		had = is_had(i);
		/* Who may be taking it up settles it when he goes on. */
		if (!had && participants_at_work())
			continue;
		s->files[i].unsettled = 0;
		if (!had)
			shared_free_file(s, i);
	}
}

static bool is_lost(unsigned file)
{
	const struct shared_file *f = &shared_session()->files[file];

	return f->in_use && !f->unsettled && !is_had(file) && !handover_find(file);
}

/* Is its journal empty or whole, and nobody need be asked about it?  fd: of the journal. */
static int settle(int fd, const struct shared_file *f, struct journal_header *h)
{
	static struct doubt d;
	struct journal_chain chain;
	enum journal_find found;
	struct stat st;
	int err = sys_stat(f->path, &st);

	if (!err)
		err = journal_read_header(fd, h, &found);
	if (!err && found != FOUND_HEADER)
		err = -EBADMSG;
	if (!err)
		err = journal_scan(fd, h, &chain);
	if (!err)
		err = doubt_settle(fd, f->journal_path, &st, h, &chain, DOUBT_OURS, &d);
	if (!err && d.answer != DOUBT_NONE && d.answer != DOUBT_COMMITTED && d.answer != DOUBT_ABORTED)
		err = -ESTALE;
	/* That the last record was applied is proof too, once it is durable. */
	return err ? err : sys_fdatasync(fd);
}

/*
 * Its lock may lie in the socket of one that is stopped.  Or somebody else is recovering it, who writes what we write, for the answer is
 * the same; unless that is another machine, where what we write would come too late (lease.h).
 */
static int open_journal(const struct shared_file *f, int *fd)
{
	struct stat st;
	int err = f->mode == VIEW_WRITING ? sys_stat(f->path, &st) : -ENOENT;

	if (!err)
		err = journal_open_locked(f->journal_path, &st, false, fd);
	if (err)
		*fd = -1;
	if (err != -EBUSY)
		return err;
	*fd = sys_open(f->journal_path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (*fd < 0)
		return *fd;
	if (network_kind_of(*fd) == NETWORK_NONE)
		return 0;
	sys_close(*fd);
	*fd = -1;
	return err;
}

static bool is_the_same(int fd, const struct shared_file *f)
{
	struct journal_header h;
	enum journal_find found;

	return !journal_read_header(fd, &h, &found) && found == FOUND_HEADER && h.salt == f->journal.header.salt;
}

/* *fd: its journal, settled; -1: that is gone, for somebody else has recovered the file. */
static int open_settled(const struct shared_file *f, int *fd, struct journal_header *h)
{
	int err;

	*fd = -1;
	err = open_journal(f, fd);
	if (err == -ENOENT)
		return 0;
	if (!err && !is_the_same(*fd, f)) {
		sys_close(*fd);
		*fd = -1;
		return 0;
	}
	if (!err)
		err = settle(*fd, f, h);
	if (err)
		log_error("%s: a process died while it committed, and what its journal is in doubt about cannot be settled: %e; end all "
			  "that use these files, then bigfile recover", f->path, err);
	if (err && *fd >= 0)
		sys_close(*fd);
	return err;
}

int lost_settle_journals(void)
{
	struct shared_session *s = shared_session();
	struct journal_header h;
	int err = 0;

	for (unsigned i = 0; i < s->file_count && !err; i++) {
		int fd;

		if (!is_lost(i))
			continue;
		err = open_settled(&s->files[i], &fd, &h);
		if (!err && fd >= 0)
			sys_close(fd);
	}
	return err;
}

/* Of our own journals, all of which say nothing any more that another would have to confirm. */
static int strike_ours(void *arg, const struct companion *c)
{
	for (const struct view *v = view_first(); v; v = v->next) {
		if (v->mode == VIEW_WRITING && v->journal.header.salt == c->salt)
			return roster_strike(*(int *)arg, c);
	}
	return 0;
}

/* Whoever opens the file next need not wait for our journals. */
static int leave_rosters(int fd, const struct journal_header *h)
{
	int err = 0;

	for (struct view *v = view_first(); v && !err; v = v->next) {
		if (v->mode == VIEW_WRITING && !v->error && !v->journal.error)
			err = checkpoint_now(v);
	}
	if (!err)
		err = roster_each(fd, h, strike_ours, &fd);
	return err ? err : sys_fdatasync(fd);
}

static int drop(unsigned file)
{
	struct shared_session *s = shared_session();
	const struct shared_file *f = &s->files[file];
	struct journal_header h;
	uint32_t at_work = participants_at_work();
	int fd, err;

	if (at_work) {
		log_error("%s: process %u is stopped, and may be about to take it up: continue or end it", f->path, at_work);
		return -EBUSY;
	}
	err = open_settled(f, &fd, &h);
	if (err)
		return err;
	if (fd >= 0) {
		err = leave_rosters(fd, &h);
		sys_close(fd);
	}
	if (err)
		return err;
	log_warn("%s: the processes that had it were killed; what they had stored to it is rolled back with the rest", f->path);
	shared_free_file(s, file);
	return 0;
}

bool lost_drop(void)
{
	struct shared_session *s = shared_session();
	bool any = false;

	for (unsigned i = 0; i < s->file_count; i++)
		any |= is_lost(i) && !drop(i);
	return any;
}
