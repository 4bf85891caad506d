/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See engine.h. */
#include "engine.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include "checkpoint.h"
#include "config.h"
#include "control.h"
#include "dirtyplaces.h"
#include "fence.h"
#include "gate.h"
#include "kernel.h"
#include "lease.h"
#include "lock.h"
#include "loading.h"
#include "log.h"
#include "participants.h"
#include "quiet.h"
#include "reach.h"
#include "reclaim.h"
#include "session_lock.h"
#include "spare.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

#define STACK_SIZE (1 << 20) /* a program's thread-local storage comes out of it too */
#define IDLE_MS 3000
#define HELD_MS 100
#define LOOK_MS 1000

struct job {
	struct job *next;
	engine_fn fn;
	void *arg;
	int result;
	uint32_t done;
};

enum { NOT_STARTED, STARTING, STARTED };

int (*engine_on_share)(void);
int (*engine_on_join)(void);

static struct lock start_lock = LOCK_INIT;
static struct job *jobs; /* newest first */
static uint32_t state;   /* futex; STARTED or NOT_STARTED when the thread has decided */
static int start_error;

static void run_jobs(void)
{
	struct job *list = __atomic_exchange_n(&jobs, NULL, __ATOMIC_ACQUIRE), *in_order = NULL;

	while (list) {
		struct job *next = list->next;

		list->next = in_order;
		in_order = list;
		list = next;
	}
	while (in_order) {
		struct job *next = in_order->next;

		session_lock_take();
		quiet_asker(true);
		in_order->result = in_order->fn(in_order->arg);
		quiet_asker(false);
		control_note_files();
		session_lock_release();
		/* Its memory is the waiter's and may be gone right after this store. */
		__atomic_store_n(&in_order->done, 1, __ATOMIC_RELEASE);
		sys_futex_wake(&in_order->done, 1);
		in_order = next;
	}
}

static int count_dirty(void)
{
	for (struct view *v = view_first(); v; v = v->next) {
		if (v->mode == VIEW_WRITING)
			v->tracker->count(v, UINT64_MAX, &v->dirty_pages);
	}
	return 0;
}

/* The transaction goes on in others: who has left it must not die with their lock in hand. */
static bool has_left(void)
{
	return shared_session() && !shared_takes_part;
}

static int do_locked(int (*fn)(void))
{
	int result;

	session_lock_take();
	result = fn();
	control_note_files();
	session_lock_release();
	return result;
}

/* Was it asked for?  Who has left is gone for whoever asks: even to look takes the lock. */
static bool answer(enum control_op op, int (*fn)(void))
{
	uint32_t ticket;

	if (!control_pending(op, &ticket))
		return false;
	control_begin(op, ticket);
	control_answer(op, ticket, has_left() ? -ESRCH : do_locked(fn));
	return true;
}

static bool has_records(void)
{
	static unsigned seals;
	static bool any;

	/* Only we write records, or others who share the transaction. */
	if (!any && seals == journal_seals && !shared_session())
		return false;
	seals = journal_seals;
	any = false;
	session_lock_take();
	for (struct view *v = view_first(); v && !any; v = v->next)
		any = v->mode == VIEW_WRITING && !v->error && journal_has_records(&v->journal);
	session_lock_release();
	return any;
}

static void checkpoint_idle(void)
{
	session_lock_take();
	checkpoint_reap();
	for (struct view *v = view_first(); v; v = v->next)
		checkpoint_consider(v, true);
	session_lock_release();
}

/* As long as nobody wants anything: the bell is not rung, nobody waits for the lock, and nothing is due. */
static void tend(uint32_t heard, uint64_t due)
{
	for (bool more = !shared_session(); more && control_bell() == heard && sys_now_ns(CLOCK_MONOTONIC) < due;) {
		more = false;
		session_lock_take();
		for (struct view *v = view_first(); v; v = v->next)
			more |= v->mode == VIEW_WRITING && v->tracker->tend && v->tracker->tend(v);
		more = more && !lock_is_wanted(&session_lock);
		session_lock_release();
	}
}

static uint64_t when_due(int timeout)
{
	return timeout < 0 ? UINT64_MAX : sys_now_ns(CLOCK_MONOTONIC) + (uint64_t)timeout * 1000000;
}

static void look_at_leases(void)
{
	if (!fence_is_due())
		return;
	session_lock_take();
	fence_look();
	session_lock_release();
}

/* Another participant holds our writers.  If it has died, taking its lock puts that right. */
static void look_for_holder(void)
{
	if (!gate_is_closed() || !shared_session())
		return;
	session_lock_take();
	session_lock_release();
}

static uint32_t pressed;

/* Any thread, any context. */
static void press(void)
{
	if (!__atomic_exchange_n(&pressed, 1, __ATOMIC_SEQ_CST))
		control_ring();
}

static void reclaim_if_pressed(void)
{
	if (!__atomic_exchange_n(&pressed, 0, __ATOMIC_SEQ_CST))
		return;
	session_lock_take();
	reclaim_run();
	session_lock_release();
}

/*
 * Waits for the bell; true: nothing has happened for so long.  looked: nor has anything since the last time, but that somebody looked at us,
 * as bigfile top does once a second.
 */
static bool wait_idle(uint32_t heard, int timeout, bool looked)
{
	static uint64_t due;
	uint64_t now = sys_now_ns(CLOCK_MONOTONIC);

	if (timeout < 0 || !looked || !due)
		due = timeout < 0 ? 0 : now + (uint64_t)timeout * 1000000;
	if (due && (due < now || due - now < (uint64_t)timeout * 1000000))
		timeout = due < now ? 0 : (int)((due - now) / 1000000) + 1;
	control_wait(heard, timeout);
	if (!due || sys_now_ns(CLOCK_MONOTONIC) < due)
		return false;
	due = 0;
	return true;
}

static void serve(void)
{
	uint64_t last_commit = sys_now_ns(CLOCK_MONOTONIC);

	for (;;) {
		uint32_t heard = control_bell();
		int timeout = config.interval_ms ? (int)config.interval_ms : -1;
		bool looked, idle;

		participants_answer();
		participants_answer_late();
		run_jobs();
		answer(CONTROL_COMMIT, control_commit);
		answer(CONTROL_ABORT, control_abort);
		looked = answer(CONTROL_STATUS, count_dirty);
		looked |= answer(CONTROL_MAP, dirtyplaces_write);
		answer(CONTROL_SHARE, engine_on_share);
		answer(CONTROL_JOIN, engine_on_join);
		if (has_left()) {
			control_wait(heard, -1);
			continue;
		}
		reclaim_if_pressed();
		if (config.interval_ms &&
		    sys_now_ns(CLOCK_MONOTONIC) - last_commit >= config.interval_ms * UINT64_C(1000000)) {
			session_lock_take();
			control_commit();
			session_lock_release();
			last_commit = sys_now_ns(CLOCK_MONOTONIC);
		}
		if (timeout < 0 && has_records())
			timeout = IDLE_MS;
		look_at_leases();
		/* What is loaded is counted when it comes; what takes memory later is not. */
		if ((reach_any || lease_any) && (timeout < 0 || timeout > LOOK_MS))
			timeout = LOOK_MS;
		if (gate_is_closed())
			timeout = HELD_MS;
		tend(heard, min_u64(when_due(timeout), config.interval_ms ? last_commit + config.interval_ms * UINT64_C(1000000) : UINT64_MAX));
		idle = wait_idle(heard, timeout, looked);
		if (timeout == HELD_MS)
			look_for_holder();
		if (timeout == LOOK_MS && reach_any)
			__atomic_store_n(&pressed, 1, __ATOMIC_SEQ_CST);
		if (idle)
			checkpoint_idle();
	}
}

/* Older kernels, and sandboxes without close_range. */
static int leave_table_by_unshare(void)
{
	int err = (int)sys_call(SYS_unshare, CLONE_FILES);

	for (int fd = 0; !err && fd < 65536; fd++)
		sys_close(fd);
	return err;
}

static int leave_descriptor_table(void)
{
	int err = (int)sys_call(SYS_close_range, 0, ~0U, CLOSE_RANGE_UNSHARE);

	if (err)
		err = leave_table_by_unshare();
	if (!err)
		log_in_private_table();
	return err;
}

static void *engine_main(void *arg)
{
	session_lock_by_engine();
	signals_stay_blocked();
	start_error = leave_descriptor_table();
	if (!start_error)
		spare_start();
	if (!start_error)
		start_error = tracker_choose(config.tracker);
	if (!start_error) {
		sys_call(SYS_prctl, PR_SET_NAME, "bigfile", 0, 0, 0);
		checkpoint_ended = control_ring;
		loading_press = press;
		control_start(tracker->name);
	}
	__atomic_store_n(&state, start_error ? NOT_STARTED : STARTED, __ATOMIC_RELEASE);
	sys_futex_wake(&state, INT32_MAX);
	if (!start_error)
		serve();
	return NULL;
}

/* Under start_lock, so with signals blocked as signals_block does it: the new thread inherits that. */
static int start_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	if (state == STARTED)
		return 0;
	state = STARTING;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	err = -pthread_create(&thread, &attributes, engine_main, NULL);
	pthread_attr_destroy(&attributes);
	if (err) {
		state = NOT_STARTED;
	} else {
		while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == STARTING)
			sys_futex_wait(&state, STARTING, NULL);
		err = start_error;
	}
	if (err)
		log_error("the engine thread cannot be started: %e; marked files cannot be used here", err);
	return err;
}

static int run_in_engine(engine_fn fn, void *arg)
{
	struct job job = { .fn = fn, .arg = arg };
	uint64_t mask = signals_block();

	job.next = __atomic_load_n(&jobs, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&jobs, &job.next, &job, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	control_ring();
	while (!__atomic_load_n(&job.done, __ATOMIC_ACQUIRE))
		sys_futex_wait(&job.done, 0, NULL);
	signals_restore(mask);
	return job.result;
}

bool engine_is_started(void)
{
	return __atomic_load_n(&state, __ATOMIC_ACQUIRE) == STARTED;
}

int engine_run_if_started(engine_fn fn, void *arg)
{
	if (session_lock_is_engine())
		return fn(arg);
	return engine_is_started() ? run_in_engine(fn, arg) : -ESRCH;
}

int engine_run(engine_fn fn, void *arg)
{
	int err = 0;

	if (!engine_is_started()) {
		lock_take(&start_lock);
		err = start_thread();
		lock_release(&start_lock);
	}
	return err ? err : engine_run_if_started(fn, arg);
}

void engine_after_fork(void)
{
	lock_reset(&start_lock);
	quiet_after_fork();
	jobs = NULL;
	state = NOT_STARTED;
}
