/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See sharing.h: beginning, coming, leaving. */
#include "sharing.h"

#include <string.h>

#include "adopt.h"
#include "config.h"
#include "control.h"
#include "giveup.h"
#include "handover.h"
#include "loaders.h"
#include "log.h"
#include "lost.h"
#include "memory.h"
#include "orphan.h"
#include "participants.h"
#include "proc.h"
#include "promote.h"
#include "reach.h"
#include "repair.h"
#include "robust.h"
#include "session_lock.h"
#include "sys.h"
#include "tracker.h"

#define CHILD_MS 2000  /* that an announced child counts as being there */
#define SEEN_MS 10000  /* and one that is stopped after it has given a sign of life */
#define AWAIT_MS 1000  /* that its parent waits for it to take part */
#define GLANCE_MS 100  /* for its first sign of life */

void sharing_take_slot(struct shared_participant *me)
{
	me->pid = (uint32_t)sys_getpid();
	me->tid = (uint32_t)sys_gettid();
	me->start_time = proc_start_time(me->pid);
	me->entered = sys_now_ns(CLOCK_MONOTONIC);
	me->scannable = tracker->report == NULL;
	me->session_fd = shared_fd;
	me->answered = me->begun = me->asked;
	handover_open();
	shared_takes_part = true;
	__atomic_store_n(&me->state, SLOT_TAKEN, __ATOMIC_SEQ_CST);
	sys_futex_wake(&me->state, INT32_MAX);
}

static int make_session(void)
{
	struct shared_session *s;
	int fd, err = shared_create(&s, &fd);

	if (err) {
		log_error("a transaction cannot be shared between processes: %e; memory for it cannot be had", err);
		return err;
	}
	session_lock_join(s);
	shared_set(s, fd, (unsigned)shared_find_slot(s));
	sharing_take_slot(shared_me());
	return 0;
}

static bool has_transaction(const struct view *v)
{
	return v->mode == VIEW_WRITING || v->mode == VIEW_UNLINKED;
}

static int promote_all(void)
{
	int err = 0;

	for (struct view *v = view_first(); v && !err; v = v->next) {
		if (has_transaction(v) && !v->shared)
			err = promote(v);
	}
	return err;
}

/* All know what we have brought in, or there is nobody else. */
static void settle(void)
{
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->shared)
			shared_file_of(v)->unsettled = 0;
	}
}

/*
 * What was inherited over fork is the parent's, and this process has copies: a session that has the same files would take
 * them for its own.
 */
static int refuse_orphan(void)
{
	for (const struct view *v = view_first(); v; v = v->next) {
		if (v->mode == VIEW_ORPHAN) {
			log_warn_once("this process has but copies of files of another's transaction (%s), and can share in none; have it "
				      "start by exec, or by fork() where it had to be another call", v->path);
			return -EBUSY;
		}
	}
	return 0;
}

int sharing_offer(void)
{
	int err = control_has_ended() ? -ESRCH : shared_session() ? 0 : refuse_orphan();

	if (!err && !shared_session())
		err = make_session();

	if (!err)
		err = promote_all();
	if (!err)
		settle();
	return err;
}

int sharing_begin(void *arg)
{
	return view_any() && config.view != VIEW_KIND_PRIVATE ? sharing_offer() : 0;
}

/* One that does not answer will look when it can. */
int sharing_tell_others(void)
{
	int err = participants_ask_all(ASK_LOOK, NULL);

	for (const struct view *v = view_first(); v; v = v->next) {
		if (v->shared && shared_file_of(v)->unsettled)
			handover_send(v);
	}
	settle();
	return err == -ETIMEDOUT ? 0 : err;
}

int sharing_add(struct view *v)
{
	int err = promote(v);

	return err ? err : sharing_tell_others();
}

int sharing_expect_child(void)
{
	struct shared_session *s = shared_session();
	int slot = s ? shared_find_slot(s) : -1;

	if (slot < 0)
		return -1;
	__atomic_store_n(&s->participants[slot].pid, 0, __ATOMIC_SEQ_CST);
	s->participants[slot].until = sys_now_ns(CLOCK_MONOTONIC) + CHILD_MS * UINT64_C(1000000);
	__atomic_store_n(&s->participants[slot].state, SLOT_COMING, __ATOMIC_SEQ_CST);
	return slot;
}

void sharing_child_lives(void)
{
	struct shared_participant *me = shared_me();

	me->until = sys_now_ns(CLOCK_MONOTONIC) + SEEN_MS * UINT64_C(1000000);
	me->start_time = proc_start_time((uint32_t)sys_getpid());
	__atomic_store_n(&me->pid, (uint32_t)sys_getpid(), __ATOMIC_SEQ_CST);
}

void sharing_child_stays_out(void)
{
	struct shared_participant *me = shared_me();
	uint32_t coming = SLOT_COMING;

	if (__atomic_load_n(&me->pid, __ATOMIC_SEQ_CST) != (uint32_t)sys_getpid())
		return;
	__atomic_compare_exchange_n(&me->state, &coming, SLOT_FREE, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	sys_futex_wake(&me->state, INT32_MAX);
}

void sharing_await_child(int slot)
{
	struct shared_participant *p = slot < 0 ? NULL : &shared_session()->participants[slot];
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC);
	struct timespec glance = { 0, 1000000 };

	while (p && __atomic_load_n(&p->state, __ATOMIC_SEQ_CST) == SLOT_COMING) {
		uint64_t ms = (sys_now_ns(CLOCK_MONOTONIC) - start) / 1000000;

		/* No sign of it: most likely the fork has failed. */
		if (ms > AWAIT_MS || (ms > GLANCE_MS && !__atomic_load_n(&p->pid, __ATOMIC_SEQ_CST)))
			return;
		sys_futex_wait(&p->state, SLOT_COMING, &glance);
	}
}

static int enter_view(struct view *v)
{
	int memory, err;

	v->fd = v->journal.fd = v->memory.fd = -1;
	err = adopt_descriptors(v, v->shared - 1, &memory);
	if (err)
		return err;
	v->memory.fd = memory;
	shared_pull(v);
	for (unsigned i = 0; i < v->segment_count; i++)
		v->segments[i].tracked = 0;
	reach_look_again(v);
	return v->segment_count ? v->tracker->protect(v, v->segments[0].at) : 0;
}

/* What we have gets in, what they have gets to us. */
static int merge(void)
{
	int err;

	participants_take_over();
	err = adopt_all();
	if (!err)
		err = promote_all();
	return err ? err : sharing_tell_others();
}

bool sharing_is_living(const struct shared_session *s)
{
	for (unsigned i = 0; i < s->slots && !s->closed; i++) {
		const struct shared_participant *p = &s->participants[i];

		if (p->state == SLOT_TAKEN && proc_is_alive(p->pid, p->start_time))
			return true;
	}
	return false;
}

static bool has_shared(void)
{
	struct view *v = view_first();

	while (v && !v->shared)
		v = v->next;
	return v != NULL;
}

static void go_away(struct shared_session *s, int fd)
{
	session_lock_unjoin();
	sys_munmap(s, sizeof *s);
	sys_close(fd);
}

int sharing_enter(uint32_t pid, uint32_t tid, int session_fd)
{
	int slot, err = refuse_orphan(), fd = err ? err : control_has_ended() ? -ESRCH : shared_open_of(pid, tid, session_fd, O_RDWR);
	struct shared_session *s;

	err = fd < 0 ? fd : shared_map(fd, &s);
	if (err) {
		if (fd >= 0)
			sys_close(fd);
		return err;
	}
	session_lock_join(s);
	slot = sharing_is_living(s) ? shared_find_slot(s) : -ESRCH;
	if (slot < 0) {
		go_away(s, fd);
		return slot;
	}
	shared_set(s, fd, (unsigned)slot);
	sharing_take_slot(shared_me());
	err = merge();
	/* The last of them may have died just now: nothing of it is left to share. */
	if (err && !participants_others() && !participants_coming() && !has_shared()) {
		shared_takes_part = false;
		participants_give_up(shared_me());
		shared_set(NULL, -1, 0);
		go_away(s, fd);
		return -ESRCH;
	}
	if (s->damaged)
		repair_session();
	return err;
}

static int open_session(void)
{
	struct shared_session *s = shared_session();
	int fd = -ESRCH;

	for (unsigned i = 0; i < s->slots && fd < 0; i++) {
		const struct shared_participant *p = &s->participants[i];

		if (p->state == SLOT_TAKEN)
			fd = shared_open_of(p->pid, p->tid, p->session_fd, O_RDWR);
	}
	return fd;
}

int sharing_enter_child(void *arg)
{
	int err = 0;

	/* It took too long, and somebody else may have it now. */
	if (shared_me()->state != SLOT_COMING || shared_me()->pid != (uint32_t)sys_getpid())
		return -ETIMEDOUT;
	shared_fd = open_session();
	if (shared_fd < 0)
		return shared_fd;
	for (struct view *v = view_first(); v && !err; v = v->next) {
		if (v->shared)
			err = shared_is_ours(v) ? enter_view(v) : -ESTALE;
	}
	if (err)
		return err;
	sharing_take_slot(shared_me());
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->shared)
			shared_push_place(v);
	}
	/* What is new and cannot be taken up is tried again by who commits. */
	adopt_all();
	if (shared_session()->damaged)
		repair_session();
	return 0;
}

void sharing_leave(bool ends)
{
	struct shared_participant *me = shared_me();

	participants_hold();
	/* An exec may yet fail, and the program hold them as before. */
	if (ends)
		robust_release();
	/* The thread that an exec leaves has the number of the first one, and what that was loading would seem to be under way for ever. */
	loaders_pause();
	/* From here on no thread brings anything within its reach, for nobody will ask us to put it out. */
	shared_takes_part = false;
	for (struct view *v = view_first(); v; v = v->next) {
		if (!v->shared)
			continue;
		/* What cannot be told is called dirty. */
		if (participants_report_own(v))
			memory_all_dirty(v);
		reach_nothing(v);
	}
	participants_give_up(me);
}

void sharing_lose(struct view *v)
{
	if (v->shared)
		orphan_make(v, true);
	v->mode = VIEW_ORPHAN;
	v->error = -ESTALE;
	log_error("%s: let go for an exec that failed, and cannot be taken back; what is stored to it stays in this process", v->path);
}

int sharing_return(void)
{
	struct shared_session *s = shared_session();
	int slot = -EUSERS;

	if (!s || shared_me()->state == SLOT_TAKEN) {
		if (s)
			s->closed = 0;
		return 0;
	}
	slot = shared_find_slot(s);
	if (slot < 0)
		return slot;
	shared_slot = (unsigned)slot;
	sharing_take_slot(shared_me());
	for (struct view *v = view_first(); v; v = v->next) {
		/* The others have given it up meanwhile, or all have ended: its number, or the file, may be somebody else's now. */
		if (v->shared && (s->closed || !shared_is_ours(v))) {
			sharing_lose(v);
		} else if (v->shared) {
			reach_look_again(v);
			shared_push_place(v);
		}
	}
	loaders_go_on();
	participants_thaw();
	return 0;
}

void sharing_start(void)
{
	session_lock_waiting = participants_answer;
	session_lock_repair = repair_session;
	session_lock_ask_repair = repair_ask;
	participants_look = adopt_all;
	participants_drop = giveup_drop;
	giveup_tell = control_forget_file;
	participants_settle = lost_settle_files;
}
