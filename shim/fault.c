/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See fault.h.  Signal context: the only lock taken is the window lock, whose holders touch no
 * page of a view.
 */
#include "fault.h"

#include <signal.h>
#include <ucontext.h>

#include "gate.h"
#include "guard.h"
#include "log.h"
#include "shared.h"
#include "sigchain.h"
#include "sys.h"
#include "tracker.h"

#if defined(__x86_64__)
/* Bits of the page fault's error code. */
#define FAULT_WRITE 2
#define FAULT_FETCH 16
#endif

/* A jump into data must not be taken for a store, or it would be "retried" for ever. */
static bool may_be_store(const siginfo_t *info, const void *context)
{
	const ucontext_t *uc = context;

#if defined(__x86_64__)
	long code = uc->uc_mcontext.gregs[REG_ERR];

	return (code & FAULT_WRITE) && !(code & FAULT_FETCH);
#elif defined(__aarch64__)
	return (uintptr_t)info->si_addr != uc->uc_mcontext.pc;
#else
#error "tell stores from fetches on this machine"
#endif
}

/* The run of storable window pages around `page`; false when no window allows a store there. */
static bool writable_around(const struct view *v, uint64_t page, struct range *writable)
{
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct range at = v->segments[i].at;
		uint64_t end;

		if (page < at.start || page >= at.end)
			continue;
		/* From the left, run by run: windows may begin anywhere. */
		for (uint64_t p = at.start; p <= page; p = end) {
			bool storable = window_prot(&v->windows, p, at.end, &end) & PROT_WRITE;

			*writable = (struct range){ p, end };
			if (page < end)
				return storable;
		}
	}
	return false;
}

static void unfreeze_orphan(struct view *v)
{
	v->frozen = false;
	v->tracker->thaw(v);
	log_warn("%s: inherited over fork: what this child stores stays its own and is never committed", v->path);
}

static pid_t last_thread;

void fault_last_thread(void)
{
	last_thread = sys_gettid();
}

/* The gate is closed because the process has left, and this is the thread that ends it. */
static bool is_late(const struct view *v)
{
	return v->shared && !shared_takes_part && last_thread == sys_gettid();
}

/* Noted first, then opened. */
static int store_late(struct view *v, uint64_t page)
{
	uint64_t offset = view_offset_at(v, page);

	dirtymap_set(&v->memory.dirty, offset, offset + page_size());
	return sys_mprotect((void *)page, page_size(), PROT_READ | PROT_WRITE);
}

static bool serve(struct view *v, uint64_t page)
{
	struct range writable;
	bool closed, ours;
	int err = 0;

	lock_take(&window_lock);
	ours = writable_around(v, page, &writable);
	closed = gate_is_closed() && !is_late(v);
	if (ours && v->frozen)
		unfreeze_orphan(v);
	if (ours && is_late(v))
		err = store_late(v, page);
	else if (ours && !closed)
		err = v->tracker->fault(v, page, writable);
	lock_release(&window_lock);
	if (ours && closed)
		gate_wait();
	if (err)
		log_error("%s: a page cannot be made storable: %e; raise vm.max_map_count", v->path, err);
	return ours && !err;
}

static void open_pages(struct view *v, struct range at)
{
	struct range writable;

	for (uint64_t page = at.start; page < at.end; page += page_size()) {
		if (!writable_around(v, page, &writable))
			continue;
		if (is_late(v))
			store_late(v, page);
		else
			v->tracker->fault(v, page, range_intersect(writable, at));
	}
}

void fault_prepare(struct view *v, struct range at)
{
	for (;;) {
		bool closed;

		lock_take(&window_lock);
		closed = gate_is_closed() && !is_late(v);
		if (!closed && v->frozen)
			unfreeze_orphan(v);
		if (!closed && (tracker->kernel_stores_fault || is_late(v)))
			open_pages(v, at);
		lock_release(&window_lock);
		if (!closed)
			return;
		gate_wait();
	}
}

static bool is_served(const siginfo_t *info, const void *context)
{
	IN_HAND struct view *v = info->si_code == SEGV_ACCERR ? view_get_at((uintptr_t)info->si_addr) : NULL;

	return v && may_be_store(info, context) && serve(v, page_floor((uintptr_t)info->si_addr));
}

static bool on_store_fault(int sig, siginfo_t *info, void *context)
{
	if (is_served(info, context))
		return true;
	/* May not come back. */
	guard_catch();
	return false;
}

static bool on_missing_page(int sig, siginfo_t *info, void *context)
{
	guard_catch();
	return false;
}

int fault_claim(void)
{
	static bool claimed;
	int err;

	if (claimed)
		return 0;
	err = sigchain_claim(SIGSEGV, on_store_fault);
	if (!err)
		err = sigchain_claim(SIGBUS, on_missing_page);
	claimed = !err;
	return err;
}
