/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See loading.h. */
#include "loading.h"

#include <string.h>

#include "cgroup.h"
#include "config.h"
#include "guard.h"
#include "loaders.h"
#include "log.h"
#include "proc.h"
#include "shared.h"
#include "sys.h"

#define WHOLE ((uint64_t)4 << 20)
#define LONGEST_RUN ((uint64_t)2 << 20)
#define PATIENCE_MS 10
#define POPULATE 4 /* pages from which one call is cheaper than so many faults */

void (*loading_press)(void);

static uint64_t load_end(const struct view *v)
{
	return __atomic_load_n(__atomic_load_n(&v->memory.load_end, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

uint64_t loading_limit(void)
{
	static uint64_t limit;

	if (config.memory)
		return config.memory;
	if (!limit)
		limit = min_u64((uint64_t)sysconf(_SC_PHYS_PAGES) * page_size(), cgroup_memory_limit()) / 2;
	return limit;
}

bool loading_is_small(uint64_t size)
{
	return size <= min_u64(WHOLE, loading_limit() / 8);
}

/*
 * A thread of ours, of a participant, or of another that can reach the memory: a child that is coming, one of vfork(), one that has left
 * and is still on its way out.  Those have the session mapped, which takes longer to find out.
 */
static bool is_of_session(uint32_t tid)
{
	const struct shared_session *s = shared_session();
	bool found = sys_call(SYS_tgkill, sys_getpid(), tid, 0) != -ESRCH;

	for (unsigned i = 0; s && i < s->slots && !found; i++) {
		const struct shared_participant *p = &s->participants[i];

		found = p->pid && sys_call(SYS_tgkill, p->pid, tid, 0) != -ESRCH;
	}
	return found || proc_maps(tid, shared_id);
}

/* Of another process it may be that has the number now. */
static bool is_at_work(uint32_t tid)
{
	return proc_thread_runs(tid) && is_of_session(tid);
}

int loading_start(struct view *v)
{
	struct shared_file *f = shared_file_of(v);
	int err;
	void *p;

	if (v->memory.loads.words)
		return 0;
	v->memory.load_end = &f->load_end;
	loadmap_is_at_work = is_at_work;
	loading_limit();
	p = sys_mmap(NULL, f->load_room, PROT_READ, MAP_SHARED | MAP_NORESERVE, v->fd, 0);
	if (sys_is_error(p))
		return sys_error_of(p);
	err = loadmap_map(&v->memory.loads, shared_fd, v->shared - 1, f->load_room);
	if (err) {
		sys_munmap(p, f->load_room);
		return err;
	}
	v->memory.source = p;
	return 0;
}

void loading_stop(struct view *v)
{
	if (!v->memory.loads.words)
		return;
	sys_munmap((void *)v->memory.source, v->memory.loads.end);
	loadmap_unmap(&v->memory.loads);
	v->memory.source = NULL;
}

struct copy {
	uint8_t *to;
	const uint8_t *from;
	uint64_t length;
	bool looked; /* at */
	uint8_t present[LONGEST_RUN / 4096]; /* pages of `to` that are there: low bit */
};

static bool is_zero(const uint8_t *page)
{
	return !*(const uint64_t *)page && !memcmp(page, page + 8, page_size() - 8);
}

/* The memory should be a hole there.  A dying process can have left a page in it. */
static void leave_out(struct copy *c, uint64_t at)
{
	if (!c->looked)
		c->looked = !sys_call(SYS_mincore, c->to, c->length, c->present);
	if (!c->looked || c->present[at / page_size()] & 1)
		memset(c->to + at, 0, page_size());
}

static void copy_now(void *arg)
{
	struct copy *c = arg;
	uint64_t page = page_size();

	for (uint64_t at = 0, end; at < c->length; at = end) {
		bool zero = is_zero(c->from + at);

		for (end = at + page; !zero && end < c->length && !is_zero(c->from + end);)
			end += page;
		if (zero) {
			leave_out(c, at);
			continue;
		}
		if (end - at >= POPULATE * page)
			sys_madvise(c->to + at, end - at, MADV_POPULATE_WRITE);
		memcpy(c->to + at, c->from + at, end - at);
	}
}

static bool is_too_much(uint64_t more)
{
	const struct shared_session *s = shared_session();
	uint64_t limit = max_u64(loading_limit(), __atomic_load_n(&s->press_at, __ATOMIC_RELAXED));

	return __atomic_load_n(&s->taken, __ATOMIC_RELAXED) > limit + more;
}

static int copy_run(struct view *v, uint64_t start, uint64_t end)
{
	struct copy c = { v->memory.at + start, v->memory.source + start, end - start, false, { 0 } };
	int err;

	err = guard_run(copy_now, &c);
	/* The page cache keeps what it likes; our table of it would only grow. */
	sys_madvise((void *)c.from, c.length, MADV_DONTNEED);
	/* A hole takes memory as soon as it is looked at. */
	__atomic_add_fetch(&shared_session()->taken, c.length, __ATOMIC_RELAXED);
	if (is_too_much(0) && loading_press)
		loading_press();
	return err;
}

/* Not for good: the thread may hold the lock that reclaim needs. */
void loading_slow_down(void)
{
	unsigned patience = is_too_much(loading_limit() / 2) ? 10 * PATIENCE_MS : PATIENCE_MS;

	for (unsigned ms = 0; ms < patience && is_too_much(loading_limit() / 4); ms++)
		sys_sleep_ms(1);
}

static void settle(struct view *v, uint64_t start, uint64_t end, enum load_state state)
{
	for (; start < end; start += LOAD_GRANULE)
		loadmap_change(&v->memory.loads, start, LOAD_COMING, state);
}

/* Loads the run of absent granules that begins at `start`; *next: behind it. */
static int load_run(struct view *v, uint64_t start, uint64_t end, uint64_t *next)
{
	struct loadmap *m = &v->memory.loads;
	uint64_t mask = signals_block(), stop = start;
	int err = 0;

	loaders_begin();
	while (stop < end && stop < start + LONGEST_RUN && loadmap_change(m, stop, LOAD_ABSENT, LOAD_COMING))
		stop += LOAD_GRANULE;
	*next = stop;
	/* The file may have been cut since; then there is nothing to load, and others wait until we know. */
	if (stop > start && stop <= load_end(v))
		err = copy_run(v, start, stop);
	else if (stop > start)
		err = -EAGAIN;
	settle(v, start, stop, err ? LOAD_ABSENT : LOAD_PRESENT);
	loaders_end();
	signals_restore(mask);
	return err;
}

/* What fails in the midst of a run must not fail all of it. */
static int load_singly(struct view *v, uint64_t start, uint64_t end)
{
	int err = 0;

	for (uint64_t next; start < end && start < load_end(v) && !err; start += LOAD_GRANULE)
		err = load_run(v, start, start + LOAD_GRANULE, &next);
	/* -EAGAIN: cut meanwhile; the caller looks again. */
	return err == -EAGAIN ? 0 : err;
}

/* One that is stopped, or whose disk is slow, while it has the granule. */
static void wait_for(struct view *v, uint64_t at)
{
	uint32_t tid = loadmap_wait(&v->memory.loads, at);

	if (tid)
		log_warn_once("%s: waits for thread %u of another process, or of this one, to finish loading a part of it: continue or end it", v->path,
			      tid);
}

/* Waits for the disk with nothing claimed: what is claimed when a process is stopped holds others up. */
static void read_ahead(const struct view *v, uint64_t start, uint64_t end)
{
	const struct loadmap *m = &v->memory.loads;
	uint64_t stop = start;

	while (stop < end && stop < start + LONGEST_RUN && loadmap_state(m, stop) == LOAD_ABSENT)
		stop += LOAD_GRANULE;
	sys_madvise((void *)(v->memory.source + start), stop - start, MADV_POPULATE_READ);
}

int loading_bring(struct view *v, uint64_t start, uint64_t end)
{
	struct loadmap *m = &v->memory.loads;
	int err = 0;

	if (!m->words)
		return 0;
	for (start = granule_floor(start); start < min_u64(end, load_end(v)) && !err;) {
		uint64_t next;

		switch (loadmap_state(m, start)) {
		case LOAD_PRESENT:
			start += LOAD_GRANULE;
			break;
		case LOAD_ABSENT:
			next = min_u64(granule_ceil(end), load_end(v));
			read_ahead(v, start, next);
			err = load_run(v, start, next, &next);
			if (err)
				err = load_singly(v, start, next);
			break;
		case LOAD_LEAVING:
			/* It is wanted again. */
			loadmap_change(m, start, LOAD_LEAVING, LOAD_PRESENT);
			break;
		case LOAD_COMING:
		case LOAD_DROPPING:
			wait_for(v, start);
		}
	}
	return err;
}

bool loading_is_partial(const struct view *v)
{
	return v->memory.loads.words && load_end(v);
}

uint64_t loading_run(const struct view *v, uint64_t start, uint64_t end, bool *loaded)
{
	const struct loadmap *m = &v->memory.loads;
	uint64_t limit = m->words ? load_end(v) : 0;

	*loaded = start >= limit || loadmap_state(m, start) == LOAD_PRESENT;
	do {
		start = granule_floor(start) + LOAD_GRANULE;
	} while (start < end && (start >= limit || loadmap_state(m, start) == LOAD_PRESENT) == *loaded &&
		 (start < limit || !*loaded));
	return start >= limit && *loaded ? end : min_u64(start, end);
}

bool loading_has(const struct view *v, uint64_t start, uint64_t end)
{
	bool loaded = true;

	while (start < end && loaded)
		start = loading_run(v, start, end, &loaded);
	return loaded;
}

int loading_fix_border(struct view *v, uint64_t at)
{
	return at > granule_floor(at) ? loading_bring(v, granule_floor(at), at) : 0;
}

void loading_cut(struct view *v, uint64_t at)
{
	uint64_t from = granule_floor(at), end;

	if (!v->memory.loads.words)
		return;
	end = load_end(v);
	if (from >= end)
		return;
	__atomic_store_n(&shared_file_of(v)->load_end, from, __ATOMIC_SEQ_CST);
	/* Whoever is still loading there must have ended before the memory changes. */
	for (; from < end; from += LOAD_GRANULE) {
		while (loadmap_state(&v->memory.loads, from) > LOAD_PRESENT)
			loadmap_wait(&v->memory.loads, from);
	}
}

void loading_extend(struct view *v)
{
	loading_extend_to(v, min_u64(min_u64(v->committed, v->cut), v->size));
}

void loading_extend_to(struct view *v, uint64_t to)
{
	struct loadmap *m = &v->memory.loads;
	uint64_t end, wanted;

	if (!m->words)
		return;
	end = load_end(v);
	wanted = granule_floor(min_u64(to, m->end));
	if (!end && loading_is_small(wanted))
		return;
	for (uint64_t at = end; at < wanted; at += LOAD_GRANULE) {
		while (!loadmap_change(m, at, LOAD_ABSENT, LOAD_PRESENT) && loadmap_state(m, at) != LOAD_PRESENT)
			loadmap_wait(m, at);
	}
	if (wanted > end)
		__atomic_store_n(&shared_file_of(v)->load_end, wanted, __ATOMIC_SEQ_CST);
}

void loading_note_stored(struct view *v, uint64_t start, uint64_t end)
{
	end = min_u64(end, v->memory.loads.end);
	for (start = granule_floor(start); start < end; start += LOAD_GRANULE)
		loadmap_note_stored(&v->memory.loads, start);
}

void loading_repair(struct view *v)
{
	struct loadmap *m = &v->memory.loads;

	for (uint64_t at = 0; m->words && at < load_end(v); at += LOAD_GRANULE) {
		loadmap_change(m, at, LOAD_LEAVING, LOAD_PRESENT);
		loadmap_change(m, at, LOAD_DROPPING, LOAD_ABSENT);
	}
}
