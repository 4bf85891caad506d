/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See windowcalls.h. */
#include "windowcalls.h"

#include "engine.h"
#include "giveup.h"
#include "kernel.h"
#include "log.h"
#include "reach.h"
#include "session.h"
#include "session_lock.h"
#include "sharing.h"
#include "sys.h"
#include "tracker.h"
#include "transaction.h"

static struct range whole_pages(const void *addr, size_t length)
{
	return (struct range){ (uintptr_t)addr, page_ceil((uintptr_t)addr + length) };
}

typedef int (*part_fn)(struct view *v, struct range at, int arg);

/* A call on a range that may hold windows and other things: each part in its way, from left to right. */
static int each_part(void *addr, size_t length, part_fn window, part_fn other, int arg)
{
	struct range at = whole_pages(addr, length), inside;
	int err = 0;

	if ((uintptr_t)addr % page_size() || at.end < at.start || !view_overlaps(at.start, at.end - at.start))
		return NOT_OURS;
	while (!err && at.start < at.end) {
		IN_HAND struct view *v = view_get_first_in(at, &inside);

		if (!v)
			inside.start = inside.end = at.end;
		if (at.start < inside.start)
			err = other(NULL, (struct range){ at.start, inside.start }, arg);
		if (!err && v)
			err = window(v, inside, arg);
		at.start = inside.end;
	}
	return err;
}

static int unmap_other(struct view *none, struct range at, int arg)
{
	return sys_munmap((void *)at.start, at.end - at.start);
}

/* A window was the last of a file that has no name. */
static bool last_of_unnamed;

static int unmap_window(struct view *v, struct range at, int arg)
{
	int err;

	session_lock_take();
	err = view_reserve_windows(v, 4);
	if (!err) {
		lock_take(&window_lock);
		window_remove(&v->windows, at);
		lock_release(&window_lock);
		/* The pages stay: what was stored is part of the transaction. */
		v->tracker->protect(v, at);
		if (v->mode == VIEW_UNLINKED && !v->windows.count)
			__atomic_store_n(&last_of_unnamed, true, __ATOMIC_SEQ_CST);
	}
	session_lock_release();
	return err;
}

int windowcalls_unmap(void *addr, size_t length)
{
	int err = length ? each_part(addr, length, unmap_window, unmap_other, 0) : NOT_OURS;

	if (last_of_unnamed && __atomic_exchange_n(&last_of_unnamed, false, __ATOMIC_SEQ_CST))
		engine_run_if_started(giveup_unnamed, NULL);
	return err;
}

static int protect_window(struct view *v, struct range at, int prot)
{
	bool may_write;
	int err;

	if (prot & PROT_EXEC) {
		log_warn_once("%s: made executable: a store by code that it holds is not noticed", v->path);
		prot &= ~PROT_EXEC;
	}
	if (prot & PROT_WRITE) {
		session_lock_take();
		may_write = window_may_write(&v->windows, at);
		session_lock_release();
		err = may_write ? session_make_writer(v) : 0;
		if (err)
			return err;
	}
	session_lock_take();
	err = window_covers(&v->windows, at) ? view_reserve_windows(v, 8) : -ENOMEM;
	if (!err) {
		lock_take(&window_lock);
		err = window_protect(&v->windows, at, prot);
		lock_release(&window_lock);
	}
	if (!err)
		err = v->tracker->protect(v, at);
	session_lock_release();
	return err;
}

static int protect_other(struct view *none, struct range at, int prot)
{
	return sys_mprotect((void *)at.start, at.end - at.start, prot);
}

int windowcalls_protect(void *addr, size_t length, int prot)
{
	return each_part(addr, length, protect_window, protect_other, prot);
}

static int advise_window(struct view *v, struct range at, int advice)
{
	switch (advice) {
	case MADV_DONTNEED: /* for a shared mapping: "load it again"; here it would lose stores */
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
	case MADV_DONTFORK: /* a child without its windows would die of the next store */
	case MADV_DOFORK:
		return advice == MADV_FREE ? -EINVAL : 0;
	case MADV_REMOVE:
		log_error("%s: MADV_REMOVE would punch a hole outside the transaction", v->path);
		return -EOPNOTSUPP;
	case MADV_WIPEONFORK:
	case MADV_GUARD_INSTALL: /* would lose them too */
		return -EINVAL;
	case MADV_POPULATE_WRITE: /* would copy every page for nothing */
	case MADV_POPULATE_READ:
		return reach_populate(v, at, true);
	case MADV_WILLNEED:
		if (v->partial)
			return reach_populate(v, at, false);
		break;
	}
	return sys_madvise((void *)at.start, at.end - at.start, advice);
}

static int advise_other(struct view *none, struct range at, int advice)
{
	return sys_madvise((void *)at.start, at.end - at.start, advice);
}

int windowcalls_advise(void *addr, size_t length, int advice)
{
	return each_part(addr, length, advise_window, advise_other, advice);
}

int windowcalls_sync(void *addr, size_t length, int flags)
{
	struct range at = whole_pages(addr, length), inside;
	IN_HAND struct view *v = NULL;
	bool covered;

	if ((uintptr_t)addr % page_size() || at.end < at.start ||
	    !view_overlaps(at.start, at.end - at.start))
		return NOT_OURS;
	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	v = view_get_first_in(at, &inside);
	if (!v)
		return -ENOMEM;
	session_lock_take();
	covered = window_covers(&v->windows, inside);
	session_lock_release();
	if (!covered)
		return -ENOMEM;
	return flags & MS_SYNC ? transaction_sync(v) : 0;
}

void windowcalls_share(const void *p)
{
	IN_HAND struct view *v = view_get_at((uintptr_t)p);
	int saved = errno;

	if (v && !v->shared)
		engine_run_if_started(sharing_begin, NULL);
	errno = saved;
}
