/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See session_lock.h. */
#include "session_lock.h"

#include "shared.h"
#include "sys.h"

#define ASK_MS 2
#define WAKE_MS 100

void (*session_lock_waiting)(void);
void (*session_lock_repair)(void);
void (*session_lock_ask_repair)(void);

static __thread bool is_engine __attribute__((tls_model("initial-exec")));
static struct shared_session *held; /* by the holder of the lock: whose lock it took too */
static struct shared_session *before; /* the session that it was in, when it joins another */

void session_lock_by_engine(void)
{
	is_engine = true;
}

bool session_lock_is_engine(void)
{
	return is_engine;
}

/*
 * In slices, in any thread: a waiter that is killed when it has been woken, and before it has the lock, takes the wake-up of the
 * others with it, and no flag in the lock tells that they wait.
 */
static int wait_for(pthread_mutex_t *m)
{
	int err;

	do {
		struct timespec limit;

		sys_call(SYS_clock_gettime, CLOCK_REALTIME, &limit);
		limit.tv_nsec += (is_engine ? ASK_MS : WAKE_MS) * 1000000;
		if (limit.tv_nsec >= 1000000000) {
			limit.tv_nsec -= 1000000000;
			limit.tv_sec++;
		}
		err = pthread_mutex_timedlock(m, &limit);
		if (err == ETIMEDOUT && is_engine)
			session_lock_waiting();
	} while (err == ETIMEDOUT);
	return err;
}

static void take_shared(struct shared_session *s)
{
	int err = wait_for(&s->lock);

	if (err == EOWNERDEAD) {
		__atomic_store_n(&s->damaged, 1, __ATOMIC_SEQ_CST);
		pthread_mutex_consistent(&s->lock);
	}
}

static void pull_all(void)
{
	for (struct view *v = view_first(); v; v = v->next) {
		if (!v->shared || !shared_is_ours(v))
			continue;
		shared_pull(v);
		/* What cannot be followed is tried again before anything is written. */
		if (is_engine && shared_takes_part)
			shared_follow(v);
	}
}

static void push_all(void)
{
	for (struct view *v = view_first(); v; v = v->next) {
		if (!v->shared || !shared_is_ours(v))
			continue;
		shared_push(v);
		if (is_engine && shared_takes_part)
			shared_tell(v);
	}
}

/* With signals blocked.  False when the session began or ended meanwhile. */
static bool take_both(struct shared_session *s)
{
	if (s)
		take_shared(s);
	lock_take_blocked(&session_lock);
	if (s == shared_session()) {
		held = s;
		return true;
	}
	lock_release_blocked(&session_lock);
	if (s)
		pthread_mutex_unlock(&s->lock);
	return false;
}

static void release_both(void)
{
	struct shared_session *s = held;

	held = NULL;
	lock_release_blocked(&session_lock);
	if (s)
		pthread_mutex_unlock(&s->lock);
}

/* What nearly every process has: a transaction of its own. */
static bool take_own(void)
{
	if (shared_session())
		return false;
	lock_take(&session_lock);
	held = NULL;
	if (!shared_session())
		return true;
	lock_release(&session_lock);
	return false;
}

void session_lock_take(void)
{
	while (!take_own()) {
		uint64_t mask = signals_block();
		bool damaged;

		while (!take_both(shared_session()))
			;
		session_lock.saved_mask = mask;
		damaged = held && held->damaged;
		if (!damaged || is_engine) {
			if (held)
				pull_all();
			if (damaged)
				session_lock_repair();
			return;
		}
		release_both();
		signals_restore(mask);
		session_lock_ask_repair();
	}
}

void session_lock_release(void)
{
	uint64_t mask = session_lock.saved_mask;

	if (!held) {
		lock_release(&session_lock);
		return;
	}
	push_all();
	release_both();
	signals_restore(mask);
}

void session_lock_refresh(void)
{
	if (!shared_session())
		return;
	session_lock_take();
	session_lock_release();
}

void session_lock_join(struct shared_session *s)
{
	take_shared(s);
	before = held;
	held = s;
}

void session_lock_unjoin(void)
{
	pthread_mutex_unlock(&held->lock);
	held = before;
	before = NULL;
}

void session_lock_moved(void)
{
	pthread_mutex_unlock(&before->lock);
	before = NULL;
}

uint64_t session_lock_after_fork(void)
{
	held = NULL;
	lock_reset(&session_lock);
	return session_lock.saved_mask;
}
