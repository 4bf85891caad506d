/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See repair.h. */
#include "repair.h"

#include <limits.h>

#include "aside.h"
#include "commit.h"
#include "doubt.h"
#include "engine.h"
#include "fmt.h"
#include "journal_lock.h"
#include "loading.h"
#include "log.h"
#include "lost.h"
#include "memory.h"
#include "participants.h"
#include "recover.h"
#include "removal.h"
#include "roster.h"
#include "sys.h"

/*
 * Is every record in the file?  Then none is redone: the old ones first, they would show old bytes to everybody who reads the file
 * meanwhile.
 */
static bool is_applied(const struct journal *j)
{
	struct journal_chain chain;
	struct journal_header header;
	enum journal_find found;

	return !journal_read_header(j->fd, &header, &found) && found == FOUND_HEADER && !journal_scan(j->fd, &header, &chain) &&
	       header.applied_seq == header.applying_seq && header.applied_seq == chain.last_seq;
}

/* Its deletion was committed: the file, which is durable, loses its name before the journal loses the record. */
static int complete_removal(struct view *v)
{
	struct journal_chain chain;
	struct journal_header header;
	enum journal_find found;
	struct stat st;
	char aside[PATH_MAX];
	int err = v->aside ? journal_read_header(v->journal.fd, &header, &found) : -ENOENT;

	if (!err && found == FOUND_HEADER)
		err = journal_scan(v->journal.fd, &header, &chain);
	if (err || found != FOUND_HEADER || !chain.removed)
		return err == -ENOENT ? 0 : err;
	/* Who had set it aside, or had followed it there, may have died before he could say so. */
	if (aside_is(v->path))
		fmt_print(aside, sizeof aside, "%s", v->path);
	else
		err = aside_path_of(v->path, aside, sizeof aside);
	if (!err)
		err = sys_fstat(v->fd, &st);
	if (!err)
		err = aside_remove(aside, &st);
	if (!err)
		err = sync_folder_of(aside);
	if (!err)
		v->aside = false;
	return err;
}

/* The journal's records are in the file, which is durable: writing goes on behind them. */
static int resume_journal(struct view *v)
{
	struct journal_chain chain;
	struct journal_header header;
	enum journal_find found;
	struct stat st;
	struct journal *j = &v->journal;
	int err = journal_read_header(j->fd, &header, &found);

	if (!err && found != FOUND_HEADER)
		err = -EBADMSG;
	if (!err)
		err = journal_scan(j->fd, &header, &chain);
	if (!err)
		err = sys_fstat(j->fd, &st);
	if (err)
		return err;
	/* Its maker died before it could say that it is there, and perhaps before its name was durable. */
	if (header.salt != j->header.salt)
		j->error = j->named = 0;
	j->header = header;
	j->tail = (struct journal_position){ chain.end, chain.last_seq + 1 };
	j->free_limit = header.head_offset;
	j->free_seq = header.head_seq;
	j->allocated = (uint64_t)st.st_size;
	roster_forget(j);
	j->roster_version++;
	err = sys_fstat(v->fd, &st);
	v->committed = (uint64_t)st.st_size;
	/* A sync of it has failed before: the next commit replaces it. */
	if (err || j->error)
		return err;
	err = journal_note(j, chain.last_seq, chain.last_seq, &st);
	if (!err)
		err = journal_trim(j, j->tail);
	return err ? err : journal_sync(j);
}

/* What was prepared and not decided counts, or goes: the journals say the same of it whatever is repaired first. */
static int settle(struct view *v)
{
	static struct doubt d;
	struct journal_chain chain;
	struct journal_header header;
	enum journal_find found;
	struct stat st;
	int err = sys_fstat(v->fd, &st);

	if (!err)
		err = journal_read_header(v->journal.fd, &header, &found);
	if (!err && found != FOUND_HEADER)
		err = -EBADMSG;
	if (!err)
		err = journal_scan(v->journal.fd, &header, &chain);
	if (!err)
		err = doubt_settle(v->journal.fd, v->journal.path, &st, &header, &chain, DOUBT_OURS, &d);
	return !err && d.answer != DOUBT_NONE && d.answer != DOUBT_COMMITTED && d.answer != DOUBT_ABORTED ? -ESTALE : err;
}

/*
 * All files, before any is written to: should one stay undecided while another's journal goes on, the number that its record names would
 * soon be taken for that of a commit.
 */
static int settle_all(void)
{
	int err = 0;

	for (struct view *v = view_first(); v && !err; v = v->next) {
		if (!v->shared || v->mode != VIEW_WRITING)
			continue;
		/* The journal that is at its path may be another one than we have. */
		err = shared_follow(v);
		if (!err)
			err = settle(v);
	}
	return err;
}

static void repair_view(struct view *v, int unsettled)
{
	static struct recovery report;
	struct stat st;
	/* After a write error nobody knows what is in the file. */
	enum recover_mode mode = v->error ? RECOVER_REDO : RECOVER_REST;
	int err = v->mode == VIEW_WRITING ? unsettled : 0;

	if (!err && v->mode == VIEW_WRITING)
		err = is_applied(&v->journal) ? sys_fdatasync(v->fd) :
						recover_opened(v->journal.fd, v->journal.path, v->fd, v->path, mode, &report);
	if (!err && v->mode == VIEW_WRITING)
		err = complete_removal(v);
	if (!err && v->mode == VIEW_WRITING)
		err = resume_journal(v);
	if (!err && !sys_fstat(v->memory.fd, &st))
		v->zero_end = (uint64_t)st.st_size;
	loading_repair(v);
	if (err) {
		v->error = err;
		log_error("%s: a process died while it committed, and its commit cannot be completed: %e; end all that use the "
			  "file, then bigfile recover", v->path, err);
	}
}

static int nothing(void *arg)
{
	return 0;
}

void repair_ask(void)
{
	engine_run(nothing, NULL);
}

void repair_session(void)
{
	struct shared_session *s = shared_session();
	struct commit_report report;
	int unsettled;

	/* A child that is only coming, or one that is leaving: for the next. */
	if (shared_me()->state != SLOT_TAKEN || shared_me()->pid != (uint32_t)sys_getpid())
		return;
	log_warn("a process died while it changed the transaction that it shared; what it left is put right");
	participants_take_over();
	participants_look();
	unsettled = settle_all();
	if (!unsettled)
		unsettled = lost_settle_journals();
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->shared)
			repair_view(v, unsettled);
	}
	lost_settle_files();
	for (unsigned i = 0; i < s->file_count; i++)
		s->files[i].undeclared = 1;
	participants_reap();
	s->damaged = 0;
	participants_let_go();
	removal_repair();
	if (s->aborting)
		abort_all(&report);
}
