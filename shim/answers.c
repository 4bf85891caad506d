/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See participants.h: the one that is asked. */
#include "gate.h"
#include "memory.h"
#include "participants.h"
#include "reach.h"
#include "session_lock.h"
#include "sys.h"
#include "tracker.h"

int (*participants_look)(void);
bool (*participants_drop)(struct view *v);
void (*participants_settle)(void);

void participants_hold(void)
{
	lock_take(&window_lock);
	gate_close();
	lock_release(&window_lock);
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->shared)
			v->tracker->freeze(v);
	}
}

void participants_thaw(void)
{
	if (!gate_is_closed())
		return;
	/* In this order: see commit.c. */
	gate_open();
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->shared)
			v->tracker->thaw(v);
	}
}

static struct view *view_of_file(uint32_t file)
{
	struct view *v = view_first();

	while (v && v->shared != file + 1)
		v = v->next;
	return v;
}

static void thaw_unless_held(void)
{
	if (!__atomic_load_n(&shared_session()->holding, __ATOMIC_SEQ_CST))
		participants_thaw();
}

static void do_as_asked(struct shared_participant *me)
{
	struct view *v;

	/* Of several questions to a process that was stopped only the last is left: what is new is always new. */
	participants_look();
	v = view_of_file(me->file);
	me->count = 0;
	switch ((enum participant_op)me->op) {
	case ASK_REPORT:
		me->count = v && (memory_reach(v, shared_file_of(v)->zero_end) || tracker->report(v));
		break;
	case ASK_COUNT:
		if (v)
			tracker->count_own(v, &me->count);
		break;
	case ASK_FREEZE:
		participants_hold();
		break;
	case ASK_DROP:
		me->count = v && (!shared_file_of(v)->unsettled || !participants_drop(v));
		break;
	case ASK_LEAVE:
		me->count = v && reach_leave(v);
		break;
	case ASK_LOOK:
	case ASK_ALIVE:
		break;
	}
	thaw_unless_held();
}

static bool was_withdrawn(const struct shared_participant *me, uint32_t asked)
{
	return __atomic_load_n(&me->withdrawn, __ATOMIC_SEQ_CST) == asked;
}

static void tell(struct shared_participant *me, uint32_t asked)
{
	__atomic_store_n(&me->answered, asked, __ATOMIC_SEQ_CST);
	sys_futex_wake(&me->answered, INT32_MAX);
}

/* Once we have left, the slot may be somebody else's, and so the question. */
static bool is_asked(uint32_t *asked)
{
	if (!shared_session() || !shared_takes_part)
		return false;
	*asked = __atomic_load_n(&shared_me()->asked, __ATOMIC_SEQ_CST);
	return *asked != shared_me()->answered;
}

void participants_answer(void)
{
	struct shared_participant *me;
	uint32_t asked;

	if (!is_asked(&asked))
		return;
	me = shared_me();
	/* Begun first, then looked whether it was withdrawn: either we see that, or the one who asks sees that he must wait for us. */
	__atomic_store_n(&me->begun, asked, __ATOMIC_SEQ_CST);
	lock_take(&session_lock);
	if (was_withdrawn(me, asked) || __atomic_load_n(&me->asked, __ATOMIC_SEQ_CST) != asked) {
		thaw_unless_held();
		__atomic_store_n(&me->begun, me->answered, __ATOMIC_SEQ_CST);
	} else {
		do_as_asked(me);
		/* If we were stopped in the midst of it nobody has heard: see participants_answer_late. */
		if (!was_withdrawn(me, asked))
			tell(me, asked);
	}
	lock_release(&session_lock);
}

void participants_answer_late(void)
{
	struct shared_participant *me;
	uint32_t asked;

	if (!is_asked(&asked) || !was_withdrawn(shared_me(), asked))
		return;
	session_lock_take();
	participants_look();
	participants_settle();
	/* Nobody else asks now, and what was asked while we waited for the lock has been answered, or withdrawn too. */
	me = shared_me();
	__atomic_store_n(&me->begun, me->asked, __ATOMIC_SEQ_CST);
	tell(me, me->asked);
	session_lock_release();
}
