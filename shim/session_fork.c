/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See session.h: the session in a process that forks, and in its child. */
#include "session.h"

#include "arena.h"
#include "blame.h"
#include "checkpoint.h"
#include "control.h"
#include "engine.h"
#include "giveup.h"
#include "handover.h"
#include "held.h"
#include "join.h"
#include "loaders.h"
#include "log.h"
#include "orphan.h"
#include "participants.h"
#include "session_lock.h"
#include "sharing.h"
#include "sigchain.h"
#include "submit.h"
#include "sys.h"
#include "tracker.h"

/* The slot of the child that the thread which holds the lock is forking. */
static int child_slot;

void session_before_fork(void)
{
	/* Without a session the child could only have copies. */
	if (view_any() && session_is_here())
		engine_run_if_started(sharing_begin, NULL);
	session_lock_take();
	/* Nobody commits now.  One that was stopped may not have heard yet that its writers may store, and the child never would. */
	if (shared_takes_part)
		participants_thaw();
	lock_take(&window_lock);
	child_slot = control_has_ended() ? -1 : sharing_expect_child();
	blame_before_fork();
}

void session_after_fork_in_parent(void)
{
	int slot = child_slot;

	blame_after_fork(false);
	lock_release(&window_lock);
	session_lock_release();
	sharing_await_child(slot);
}

void session_start_in_child(void)
{
	session_is_anew();
	arena_after_fork();
	engine_after_fork();
	checkpoint_after_fork();
	submit_after_fork();
	control_after_fork();
	sigchain_after_fork();
	tracker_after_fork();
	view_after_fork();
	held_forget();
	loaders_after_fork();
	join_after_fork();
}

/*
 * The child keeps the memory of the view as it was at the fork, and the right to store into it; the
 * file, the journal and the transaction are the parent's.  Frozen, so that the first store is noticed.
 */
static void leave_to_parent(struct view *v)
{
	if (v->shared)
		orphan_make(v, false);
	v->mode = VIEW_ORPHAN;
	v->frozen = !v->tracker->freeze(v);
}

/* The numbers are those of the parent's engine, and mean other files in the table of ours, which may use them as soon as it starts. */
static void forget_descriptors(bool shared)
{
	for (struct view *v = view_first(); v; v = v->next) {
		if (shared || !v->shared)
			v->fd = v->journal.fd = -1;
	}
}

void session_after_fork_in_child(bool may_start)
{
	/* Forked while another thread ended the process: what is stored here since belongs to no transaction, here as there. */
	bool late = control_has_ended();
	int err = -ESRCH;
	uint64_t mask;

	session_start_in_child();
	participants_after_fork();
	handover_after_fork();
	shared_takes_part = false;
	blame_after_fork(true);
	lock_release(&window_lock);
	mask = session_lock_after_fork();
	forget_descriptors(false);
	giveup_inherited();
	if (late)
		participants_thaw();
	if (child_slot >= 0) {
		shared_slot = (unsigned)child_slot;
		sharing_child_lives();
		if (may_start)
			err = engine_run(sharing_enter_child, NULL);
		/* The parent waits for it otherwise, and would not end before it has come. */
		if (err)
			sharing_child_stays_out();
		if (err && may_start)
			log_error("this forked process cannot take part in its parent's transaction: %e", err);
	}
	if (err)
		forget_descriptors(true);
	for (struct view *v = view_first(); v; v = v->next) {
		if ((late || v->mode != VIEW_READING) && (err || !v->shared))
			leave_to_parent(v);
	}
	if (err && shared_session())
		__atomic_store_n(&shared_current, NULL, __ATOMIC_RELEASE);
	signals_restore(mask);
}
