/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See fault.h.  Signal context: the only lock taken is the window lock, whose holders touch no
 * page of a view.
 */
#include "fault.h"

#include <signal.h>
#include <ucontext.h>

#include "blame.h"
#include "fence.h"
#include "gate.h"
#include "guard.h"
#include "loading.h"
#include "log.h"
#include "reach.h"
#include "saved.h"
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
static bool is_fetch(const siginfo_t *info, const void *context)
{
	const ucontext_t *uc = context;

#if defined(__x86_64__)
	return uc->uc_mcontext.gregs[REG_ERR] & FAULT_FETCH;
#elif defined(__aarch64__)
	return (uintptr_t)info->si_addr == uc->uc_mcontext.pc;
#else
#error "tell fetches from the rest on this machine"
#endif
}

static bool may_be_store(const void *context)
{
#if defined(__x86_64__)
	return ((const ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & FAULT_WRITE;
#else
	return true;
#endif
}

/* What of the run around `page` is within reach; the page is. */
static bool clip_to_reach(const struct view *v, uint64_t page, struct range *run)
{
	uint64_t end = run->end;

	if (!view_reaches(v, page, &end))
		return false;
	run->end = end;
	run->start = view_reaches_from(v, page, run->start);
	return true;
}

/* The run of storable window pages around `page`, within reach; false when no window allows a store there. */
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
				return storable && clip_to_reach(v, page, writable);
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

void fault_last_thread(void)
{
	gate_pass();
}

/* The gate is closed because the process has left, and this is the thread that ends it. */
static bool is_late(const struct view *v)
{
	return v->shared && !shared_takes_part && gate_is_passed();
}

/* Noted first, then opened.  -EAGAIN: reclaim had chosen it before it saw the note, and did not ask us. */
static int store_late(struct view *v, uint64_t page)
{
	uint64_t offset = view_offset_at(v, page);

	dirtymap_set(&v->memory.dirty, offset, offset + page_size());
	if (!loading_has(v, offset, offset + page_size()))
		return -EAGAIN;
	return sys_mprotect((void *)page, page_size(), PROT_READ | PROT_WRITE);
}

static bool serve(struct view *v, uint64_t page, void *context)
{
	struct range writable;
	uint32_t turn;
	bool ours;
	int err = 0;

	/* A page that must be read from somewhere is, before others have to wait for the lock. */
	if (gate_is_closed() && !v->shared)
		guard_can_read((const void *)page, 1);
	lock_take(&window_lock);
	ours = writable_around(v, page, &writable);
	turn = is_late(v) ? 0 : gate_turn();
	if (ours && v->frozen)
		unfreeze_orphan(v);
	if (ours && is_late(v))
		err = store_late(v, page);
	else if (ours && !turn)
		err = v->tracker->fault(v, page, writable);
	else if (ours && !saved_open_page(v, page))
		turn = 0;
	lock_release(&window_lock);
	if (ours && turn)
		gate_wait_turn(turn);
	else if (ours && !err)
		blame_store(v, page, context);
	if (err == -EAGAIN) {
		reach_look_again(v);
		err = 0;
	}
	if (err)
		log_error("%s: a page cannot be made storable: %e; raise vm.max_map_count", v->path, err);
	return ours && !err;
}

static void open_pages(struct view *v, struct range at)
{
	struct range writable;

	for (uint64_t page = at.start; page < at.end; page += page_size()) {
		if (writable_around(v, page, &writable))
			v->tracker->fault(v, page, range_intersect(writable, at));
	}
}

void fault_prepare(struct view *v, struct range at)
{
	if (v->partial)
		reach_bring(v, at);
	if (tracker->stores_fault) {
		lock_take(&window_lock);
		if (!gate_turn() && !v->frozen)
			open_pages(v, at);
		lock_release(&window_lock);
	}
	blame_buffer(v, at);
}

/* As the kernel says of a file that cannot be read. */
static void raise_bus(siginfo_t *info, void *context)
{
	siginfo_t bus = { .si_signo = SIGBUS, .si_code = BUS_ADRERR };

	bus.si_addr = info->si_addr;
	sigchain_raise(SIGBUS, &bus, context);
}

enum service { NOT_SERVED, SERVED, UNREADABLE };

/* Another thread has brought the page within reach since.  If that was not it, the page faults once more. */
static bool try_again(const struct view *v, uint64_t page)
{
	static __thread uint64_t tried __attribute__((tls_model("initial-exec")));
	bool again = v->partial && tried != page;

	tried = again ? page : 0;
	return again;
}

static enum service serve_access(struct view *v, siginfo_t *info, void *context)
{
	uint64_t page = page_floor((uintptr_t)info->si_addr);

	if (is_fetch(info, context))
		return NOT_SERVED;
	switch (reach_fault(v, page)) {
	case REACH_DONE:
		return SERVED;
	case REACH_NO_WINDOW:
		return NOT_SERVED;
	case REACH_FAILED:
		fence_missed(v, -EIO);
		return UNREADABLE;
	case REACH_NO_MATTER:
		break;
	}
	return (may_be_store(context) && serve(v, page, context)) || try_again(v, page) ? SERVED : NOT_SERVED;
}

static enum service served(siginfo_t *info, void *context)
{
	IN_HAND struct view *v = info->si_code == SEGV_ACCERR ? view_get_at((uintptr_t)info->si_addr) : NULL;

	return v ? serve_access(v, info, context) : NOT_SERVED;
}

static bool on_access_fault(int sig, siginfo_t *info, void *context)
{
	enum service service = served(info, context);

	if (service == SERVED)
		return true;
	/* May not come back. */
	if (guard_catch(context))
		return true;
	if (service == UNREADABLE)
		raise_bus(info, context);
	return service == UNREADABLE;
}

/* The program gets its signal; only why, it cannot know. */
static bool on_missing_page(int sig, siginfo_t *info, void *context)
{
	IN_HAND struct view *v = NULL;

	if (guard_catch(context))
		return true;
	v = view_get_at((uintptr_t)info->si_addr);
	if (v && view_offset_at(v, (uintptr_t)info->si_addr) < v->committed)
		fence_missed(v, -EIO);
	return false;
}

static const char *reason_of(const struct view *v, int sig, uint64_t offset, const void *context)
{
	if (offset >= v->size)
		return "beyond its end";
	return sig == SIGSEGV && may_be_store(context) ? "a store that its mapping forbids" : "a page that cannot be had";
}

/* The program ends of it.  Of what happens elsewhere it says nothing unless it was asked. */
static void on_fatal(int sig, const siginfo_t *info, void *context)
{
	IN_HAND struct view *v = view_get_at((uintptr_t)info->si_addr);
	uint64_t offset = v ? view_offset_at(v, (uintptr_t)info->si_addr) : 0;
	const char *fate = shared_session() ? "rolled back when the last process that shares it ends so" : "rolled back";

	if (v && sig == SIGBUS && fence_explains(v))
		log_debug("%s: the program dies of signal %d at offset %lu", v->path, sig, offset);
	else if (v)
		log_error("%s: the program dies of signal %d at offset %lu, %s; its transaction is %s", v->path, sig, offset,
			  reason_of(v, sig, offset, context), fate);
	else if (blame_on)
		log_error("the program dies of signal %d at address 0x%lx, in no marked file; its transaction is %s", sig,
			  (unsigned long)(uintptr_t)info->si_addr, fate);
	blame_fault(v, info, context);
}

int fault_claim(void)
{
	static bool claimed;
	int err;

	if (claimed)
		return 0;
	sigchain_on_fatal = on_fatal;
	err = sigchain_claim(SIGSEGV, on_access_fault);
	if (!err)
		err = sigchain_claim(SIGBUS, on_missing_page);
	claimed = !err;
	return err;
}
