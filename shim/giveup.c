/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See giveup.h. */
#include "giveup.h"

#include <string.h>

#include "arena.h"
#include "build.h"
#include "checkpoint.h"
#include "copies.h"
#include "fmt.h"
#include "journal_lock.h"
#include "log.h"
#include "marks.h"
#include "memory.h"
#include "participants.h"
#include "proc.h"
#include "reopen.h"
#include "roster.h"
#include "spare.h"
#include "sys.h"
#include "tracker.h"

#define FEW 64 /* views, that are kept however long they are not used */

void (*giveup_tell)(const struct view *v);

static void free_string(char *s)
{
	if (s)
		arena_free(s, strlen(s) + 1);
}

/* Undoes what a view is made of that nobody finds any more.  Its journal, if it has one, is not deleted. */
static void dismantle(struct view *v)
{
	giveup_tell(v);
	for (unsigned i = 0; i < v->segment_count; i++)
		sys_munmap((void *)v->segments[i].at.start, v->segments[i].at.end - v->segments[i].at.start);
	if (v->home)
		sys_munmap(v->home, v->home_size);
	open_pages_free(&v->broken_up);
	open_pages_free(&v->looked_at);
	copies_free(v);
	if (v->shared)
		memory_drop(v);
	tracker->detach(v);
	if (v->journal.fd >= 0)
		journal_close(&v->journal);
	if (v->fd >= 0)
		sys_close(v->fd);
	arena_free(v->windows.windows, v->windows.capacity * sizeof *v->windows.windows);
	range_list_free(&v->carried);
	free_string(v->path);
	free_string(v->other_path);
	view_free(v);
}

/* What does not concern the others: the program has nothing of it. */
static bool is_idle(const struct view *v)
{
	return !v->windows.count && !__atomic_load_n(&v->hands, __ATOMIC_SEQ_CST) && !checkpoint_is_under_way(v);
}

void giveup_unfinished(struct view *v)
{
	if (view_remove(v))
		dismantle(v);
}

void giveup_inherited(void)
{
	struct view *next;

	for (struct view *v = view_first(); v; v = next) {
		next = v->next;
		if (v->mode == VIEW_READING && !v->shared && !v->windows.count && !view_keeps_file(v))
			giveup_unfinished(v);
	}
}

bool giveup_drop(struct view *v)
{
	struct shared_place *place = shared_place_of(v);

	if (!is_idle(v) || !view_remove(v))
		return false;
	place->attached = place->segment_count = 0;
	dismantle(v);
	return true;
}

static bool is_clean(struct view *v)
{
	uint64_t pages;

	if (v->mode == VIEW_READING)
		return true;
	return !view_size_changed(v) && !v->carried.count && !v->carry_all && !v->times[1].tv_sec && !v->tracker->count(v, 1, &pages) &&
	       !pages;
}

static int pour_range(void *arg, struct view *v, const struct segment *s, struct range at)
{
	const int *fd = arg;
	uint64_t offset = view_offset(s, at.start), end = min_u64(view_offset(s, at.end), v->size);

	return offset < end ? sys_pwrite_all(*fd, (const void *)at.start, end - offset, offset) : 0;
}

/* The file becomes what the view is. */
static int pour_out(struct view *v)
{
	char link[64];
	int err = 0, fd;

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", v->fd);
	fd = reopen(link, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fd;
	if (v->cut < v->committed)
		err = sys_ftruncate(fd, v->cut);
	if (!err && view_size_changed(v))
		err = sys_ftruncate(fd, v->size);
	if (!err)
		err = build_each_carried(v, pour_range, &fd);
	if (!err)
		err = v->tracker->collect(v, pour_range, &fd);
	sys_close(fd);
	return err;
}

/* False: what the view holds cannot be put into its file, which nobody else can see; it stays in memory. */
static bool is_empty_of_unnamed(struct view *v)
{
	int err = is_clean(v) ? 0 : pour_out(v);

	if (err) {
		v->error = err;
		v->carry_all = true;
		log_warn("%s: has been deleted, and stays in memory: %e", v->path, err);
		return false;
	}
	range_list_free(&v->carried);
	v->carry_all = false;
	v->committed = v->size;
	v->cut = UINT64_MAX;
	v->times[1].tv_sec = 0;
	return true;
}

/* Who has it under a name that is not marked would use the file without a transaction from then on. */
static bool is_empty_of_named(struct view *v)
{
	return !v->nameless && marks_match(v->path) && is_clean(v) &&
	       (v->mode == VIEW_READING || (!checkpoint_now(v) && !checkpoint_companions(v)));
}

static bool is_wanted_elsewhere(const struct view *v)
{
	const struct shared_session *s = shared_session();

	for (unsigned i = 0; i < s->slots; i++) {
		const struct shared_participant *p = &s->participants[i];
		const struct shared_place *place = &p->places[v->shared - 1];

		if (p->state != SLOT_TAKEN || p == shared_me())
			continue;
		/* Nor can one that is stopped let go. */
		if (place->attached && (place->windows || proc_is_stopped(p->pid)))
			return true;
	}
	return participants_at_work() || participants_coming();
}

/*
 * All others let go of it.  0; 1: somebody keeps it; -errno: somebody does not answer.  The file is unsettled meanwhile: should
 * we die now, those who have let go know that nothing is missing.
 */
static int ask_others(struct view *v)
{
	struct shared_session *s = shared_session();
	struct shared_file *f = shared_file_of(v);
	int err = 0;

	f->unsettled = 1;
	for (unsigned i = 0; i < s->slots && !err; i++) {
		const struct shared_participant *p = &s->participants[i];
		uint64_t kept = 0;

		if (p->state != SLOT_TAKEN || p == shared_me() || !p->places[v->shared - 1].attached)
			continue;
		err = participants_ask(i, ASK_DROP, v, &kept);
		if (!err && (kept || p->places[v->shared - 1].attached))
			err = 1;
	}
	return err;
}

static void take_back(struct view *v)
{
	shared_file_of(v)->unsettled = 0;
	participants_ask_all(ASK_LOOK, NULL);
}

static void delete_journal(struct view *v)
{
	if (v->mode != VIEW_WRITING)
		return;
	checkpoint_forget(v, false);
	journal_discard(v->journal.fd, v->journal.path, v->journal.named && v->journal.durable);
}

static int give_up_shared(struct view *v)
{
	struct shared_session *s = shared_session();
	unsigned file = v->shared - 1;
	int err = ask_others(v);

	if (!err && !view_remove(v))
		err = 1;
	if (err) {
		take_back(v);
		return err;
	}
	delete_journal(v);
	shared_place_of(v)->attached = shared_place_of(v)->segment_count = 0;
	dismantle(v);
	shared_free_file(s, file);
	return 0;
}

/*
 * Has a sync of its journal failed, or of one that might ask it?  What failed may be on the disk all the same, and must not come back, nor be
 * in doubt for ever: the next commit replaces such a journal, or the end deletes it.
 */
static bool has_failed(struct view *v)
{
	bool any = false;

	for (const struct view *other = view_first(); other; other = other->next)
		any |= other->mode == VIEW_WRITING && other->journal.error;
	return any && v->mode == VIEW_WRITING && (v->journal.error || !roster_is_empty(&v->journal));
}

/* 0: it is gone.  1: it stays.  -errno: another participant does not answer. */
static int give_up(struct view *v)
{
	bool unnamed = v->mode == VIEW_UNLINKED;

	if (v->error || has_failed(v) || v->mode == VIEW_ORPHAN || !is_idle(v) || (v->shared && is_wanted_elsewhere(v)))
		return 1;
	if (unnamed ? !is_empty_of_unnamed(v) : !is_empty_of_named(v))
		return 1;
	log_debug("%s: given up", v->path);
	if (v->shared)
		return give_up_shared(v);
	if (!view_remove(v))
		return 1;
	delete_journal(v);
	dismantle(v);
	return 0;
}

int giveup_unnamed(void *arg)
{
	struct view *next;
	int err = 0;

	for (struct view *v = view_first(); v && err >= 0; v = next) {
		next = v->next;
		if (v->mode == VIEW_UNLINKED)
			err = give_up(v);
	}
	return 0;
}

/* Those that were not used since the last time; or all. */
static unsigned sweep(bool all)
{
	unsigned before = view_count;
	struct view *next;
	int err = 0;

	for (struct view *v = view_first(); v && err >= 0; v = next) {
		next = v->next;
		if (v->used && !all)
			v->used = false;
		else
			err = give_up(v);
	}
	return before - view_count;
}

void giveup_some(void)
{
	static unsigned many = FEW;

	if (view_count < many)
		return;
	sweep(false);
	/* Those that are left may have to stay: no use in asking them at every file. */
	many = (unsigned)max_u64(FEW, 2 * view_count);
}

/* The table may be full, and asking the others takes a descriptor or two. */
int giveup_all(void *arg)
{
	unsigned gone;

	spare_lend();
	gone = sweep(true);
	spare_hold();
	return gone ? 0 : -ENOSPC;
}
