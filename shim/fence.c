/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See fence.h. */
#include "fence.h"

#include "lease.h"
#include "log.h"
#include "sys.h"

#define ASK_MS 1000
#define AT_ONCE 8

static uint64_t asked; /* when it was, by the monotonic clock */

int fence_check(const struct view *v)
{
	return v->leased ? lease_ask(v->journal.fd, v->shared != 0) : 0;
}

/* Of many files on one volume, the first one speaks for all. */
static void say(struct view *v)
{
	static dev_t said_of;

	if (__atomic_exchange_n(&v->cut_off_said, true, __ATOMIC_RELAXED))
		return;
	if (__atomic_exchange_n(&said_of, v->dev, __ATOMIC_RELAXED) == v->dev)
		log_debug("%s: cut off from its servers as well (%e)", v->path, v->cut_off);
	else
		log_error("%s: cut off from its servers (%e): another machine may have taken it over; nothing more is committed here, what "
			  "was committed is safe: end the program and start it again", v->path, v->cut_off);
}

static void set(struct view *v, int err)
{
	__atomic_store_n(&v->cut_off, err, __ATOMIC_RELAXED);
	__atomic_store_n(&v->error, err, __ATOMIC_RELAXED);
	say(v);
}

bool fence_explains(struct view *v)
{
	if (!v->cut_off)
		return false;
	say(v);
	return true;
}

bool fence_missed(struct view *v, int err)
{
	if (v->leased && v->mode == VIEW_WRITING && !v->error)
		set(v, err);
	return fence_explains(v);
}

bool fence_noticed(struct view *v, int err)
{
	if (!v->leased || v->mode != VIEW_WRITING)
		return false;
	if (v->error)
		return fence_explains(v), true;
	if (!v->journal.error && !fence_check(v))
		return false;
	set(v, err);
	return true;
}

bool fence_is_due(void)
{
	uint64_t now = lease_any ? sys_now_ns(CLOCK_MONOTONIC) : 0;

	/* The first one was taken just now. */
	if (!asked)
		asked = now;
	return lease_any && now - asked >= ASK_MS * UINT64_C(1000000);
}

void fence_look(void)
{
	static unsigned turn;
	unsigned n = 0, end = turn + AT_ONCE;
	bool cut = false;
	int err;

	for (struct view *v = view_first(); v; v = v->next) {
		/* Another one of the session has found it out: our lock is still our own. */
		if (!v->leased || v->mode != VIEW_WRITING || v->lock_lost)
			continue;
		err = cut || (n >= turn && n < end) ? fence_check(v) : 0;
		n++;
		if (!err)
			continue;
		/* The others of its volume are most likely lost as well, and are as much in somebody's way. */
		cut = v->lock_lost = true;
		set(v, err);
	}
	turn = end < n ? end : 0;
	asked = sys_now_ns(CLOCK_MONOTONIC);
}
