/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See participants.h: the one that asks. */
#include "participants.h"

#include "controlfile.h"
#include "log.h"
#include "memory.h"
#include "pagemap.h"
#include "proc.h"
#include "reach.h"
#include "sys.h"
#include "tracker.h"

#define PATIENCE_MS 1000
#define GLANCE_MS 10

/* The others' page tables, as far as we have opened them. */
static struct {
	uint32_t pid;
	uint64_t entered;
	int fd;
} tables[SHARED_PARTICIPANTS];

#define each_other(s, p)                                                                                  \
	for (struct shared_participant *p = (s)->participants; p < (s)->participants + (s)->slots; p++) \
		if (p->state == SLOT_TAKEN && p != shared_me())

static unsigned slot_of(const struct shared_participant *p)
{
	return (unsigned)(p - shared_session()->participants);
}

void participants_after_fork(void)
{
	for (unsigned i = 0; i < SHARED_PARTICIPANTS; i++)
		tables[i].pid = 0;
}

/* What has been stored may take long to tell. */
static bool is_at_work(const struct shared_participant *p, uint32_t ticket)
{
	return __atomic_load_n(&p->begun, __ATOMIC_SEQ_CST) == ticket && !proc_is_stopped(p->pid);
}

/* Futex words of a slot tell us; a dead one never will.  Withdrawn first, then looked once more whether it has begun: see answers.c. */
static int wait_for_answer(struct shared_participant *p, uint32_t ticket)
{
	unsigned in_vain = 0;
	bool withdrawn = false;

	for (;;) {
		struct timespec glance = { 0, GLANCE_MS * 1000000 };
		uint32_t answered = __atomic_load_n(&p->answered, __ATOMIC_SEQ_CST);

		if (answered == ticket)
			return 0;
		/* Counted, for a machine may stand still for longer than all of them. */
		in_vain += sys_futex_wait(&p->answered, answered, &glance) == -ETIMEDOUT;
		if (__atomic_load_n(&p->answered, __ATOMIC_SEQ_CST) == ticket)
			return 0;
		if (!proc_is_alive(p->pid, p->start_time))
			return -ESRCH;
		if (in_vain <= PATIENCE_MS / GLANCE_MS || is_at_work(p, ticket))
			continue;
		if (withdrawn)
			return -ETIMEDOUT;
		__atomic_store_n(&p->withdrawn, ticket, __ATOMIC_SEQ_CST);
		withdrawn = true;
	}
}

void participants_take_over(void)
{
	each_other(shared_session(), p) {
		uint32_t asked = __atomic_load_n(&p->asked, __ATOMIC_SEQ_CST);

		if (__atomic_load_n(&p->answered, __ATOMIC_SEQ_CST) == asked || p->withdrawn == asked)
			continue;
		if (proc_is_stopped(p->pid))
			__atomic_store_n(&p->withdrawn, asked, __ATOMIC_SEQ_CST);
		else
			wait_for_answer(p, asked);
	}
}

uint32_t participants_at_work(void)
{
	each_other(shared_session(), p) {
		if (__atomic_load_n(&p->begun, __ATOMIC_SEQ_CST) != __atomic_load_n(&p->answered, __ATOMIC_SEQ_CST) &&
		    proc_is_alive(p->pid, p->start_time))
			return p->pid;
	}
	return 0;
}

int participants_ask(unsigned slot, enum participant_op op, const struct view *v, uint64_t *count)
{
	struct shared_participant *p = &shared_session()->participants[slot];
	uint32_t ticket;
	int err;

	if (p->state != SLOT_TAKEN)
		return -ESRCH;
	p->op = op;
	p->file = v ? v->shared - 1 : 0;
	ticket = __atomic_add_fetch(&p->asked, 1, __ATOMIC_SEQ_CST);
	controlfile_ring(p->pid);
	err = wait_for_answer(p, ticket);
	if (count)
		*count = err ? 0 : p->count;
	/* What a commit cannot do without. */
	if (err == -ETIMEDOUT && (op == ASK_REPORT || op == ASK_COUNT || op == ASK_FREEZE))
		log_error("process %u shares this transaction and does not answer: continue or end it", p->pid);
	return err;
}

/* Also that of a process which is being killed: for a moment its table is nobody's, and not ours to open. */
static int open_table(const struct shared_participant *p)
{
	int fd = pagemap_open_of(p->pid, p->tid);

	return fd < 0 && participants_ask(slot_of(p), ASK_ALIVE, NULL, NULL) == -ESRCH ? -ESRCH : fd;
}

static int table_of(const struct shared_participant *p)
{
	unsigned i = slot_of(p);

	if (tables[i].pid == p->pid && tables[i].entered == p->entered)
		return tables[i].fd;
	if (tables[i].pid)
		sys_close(tables[i].fd);
	tables[i].pid = 0;
	tables[i].fd = open_table(p);
	if (tables[i].fd < 0)
		return tables[i].fd;
	tables[i].pid = p->pid;
	tables[i].entered = p->entered;
	return tables[i].fd;
}

int participants_ask_all(enum participant_op op, const struct view *v)
{
	int err = 0;

	each_other(shared_session(), p) {
		uint64_t refused;
		/* Waiting for one that cannot answer, with the lock in hand, would be of use to nobody: its content stays. */
		bool in_vain = op == ASK_LEAVE && proc_is_stopped(p->pid);
		int failed = in_vain ? -ETIMEDOUT : participants_ask(slot_of(p), op, v, &refused);

		if (!failed && op == ASK_LEAVE && refused)
			failed = -ENOMEM;
		if (failed && failed != -ESRCH && !err)
			err = failed;
	}
	return err;
}

int participants_freeze(bool *sure)
{
	*sure = true;
	__atomic_store_n(&shared_session()->holding, 1, __ATOMIC_SEQ_CST);
	each_other(shared_session(), p) {
		int err = 0;

		if (p->scannable && proc_is_stopped(p->pid))
			*sure = false;
		else
			err = participants_ask(slot_of(p), ASK_FREEZE, NULL, NULL);
		if (err && err != -ESRCH)
			return err;
	}
	return 0;
}

static void let_go(struct shared_participant *p)
{
	/* Whatever it is asked next, it lets its writers go with the answer. */
	if (!proc_is_stopped(p->pid)) {
		participants_ask(slot_of(p), ASK_ALIVE, NULL, NULL);
		return;
	}
	p->op = ASK_ALIVE;
	__atomic_store_n(&p->withdrawn, p->asked + 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&p->asked, 1, __ATOMIC_SEQ_CST);
	controlfile_ring(p->pid);
}

void participants_let_go(void)
{
	__atomic_store_n(&shared_session()->holding, 0, __ATOMIC_SEQ_CST);
	participants_thaw();
	each_other(shared_session(), p)
		let_go(p);
}

struct report {
	struct view *view;
	const struct segment *segment;
	uint64_t pages;
};

static int note_range(void *arg, struct range at)
{
	struct report *r = arg;

	dirtymap_set(&r->view->memory.dirty, view_offset(r->segment, at.start), view_offset(r->segment, at.end));
	return 0;
}

static int count_range(void *arg, struct range at)
{
	((struct report *)arg)->pages += (at.end - at.start) / page_size();
	return 0;
}

/* Looks into somebody's page tables.  Where nothing can be learned from them, all counts as stored to. */
static int scan(const struct shared_participant *p, struct view *v, struct range file, enum pagemap_protect protect,
		pagemap_range_fn fn, uint64_t *pages)
{
	const struct shared_place *place = &p->places[v->shared - 1];
	int fd = place->segment_count ? table_of(p) : -1, err = fd < 0 && place->segment_count ? fd : 0;

	for (unsigned i = 0; i < place->segment_count && !err; i++) {
		struct report r = { v, &place->segments[i], 0 };
		struct range at = segment_range(r.segment, file.start, min_u64(file.end, page_ceil(v->size)));

		if (!range_is_empty(at))
			err = pagemap_each_of(fd, at, protect, fn, &r);
		if (err == -EPERM) {
			memory_all_dirty(v);
			r.pages++;
			err = 0;
		}
		if (pages)
			*pages += r.pages;
	}
	return err;
}

static const struct range all = { 0, UINT64_MAX };

static int report_one(const struct shared_participant *p, struct view *v, struct range file)
{
	uint64_t failed;
	int err;

	if (p->scannable)
		return scan(p, v, file, PAGEMAP_PROTECT, note_range, NULL);
	if (p == shared_me())
		return tracker->report(v);
	err = participants_ask(slot_of(p), ASK_REPORT, v, &failed);
	return err ? err : failed ? -ENOMEM : 0;
}

void participants_give_up(struct shared_participant *p)
{
	for (unsigned i = 0; i < shared_session()->file_count; i++)
		p->places[i].attached = p->places[i].segment_count = 0;
	__atomic_store_n(&p->pid, 0, __ATOMIC_SEQ_CST);
	p->answered = p->asked;
	__atomic_store_n(&p->state, SLOT_FREE, __ATOMIC_RELEASE);
}

/* Its memory is gone, and with it the knowledge of what it stored to; the comparison at commit will tell. */
static void bury(struct shared_participant *p)
{
	struct shared_session *s = shared_session();

	for (unsigned i = 0; i < s->file_count; i++) {
		if (p->places[i].segment_count)
			s->files[i].undeclared = 1;
	}
	log_info("process %u has left the transaction without a word; what it stored stays in it", p->pid);
	participants_give_up(p);
}

int participants_report_own(struct view *v)
{
	return report_one(shared_me(), v, all);
}

int participants_report(struct view *v)
{
	int err = participants_report_range(v, all);

	/* Last, for somebody may just have been found dead; the map first, should we die here. */
	if (!err && shared_file_of(v)->undeclared) {
		memory_all_dirty(v);
		shared_file_of(v)->undeclared = 0;
	}
	return err;
}

int participants_report_range(struct view *v, struct range file)
{
	/* Others may have made it larger than anything we have mapped of it. */
	int err = memory_reach(v, v->zero_end);

	if (!err)
		err = report_one(shared_me(), v, file);
	each_other(shared_session(), p) {
		int failed = p->places[v->shared - 1].attached ? report_one(p, v, file) : 0;

		if (failed == -ESRCH)
			bury(p);
		else if (failed && !err)
			err = failed;
	}
	return err;
}

static int count_one(const struct shared_participant *p, struct view *v, uint64_t *pages)
{
	if (p->scannable)
		return scan(p, v, all, PAGEMAP_LOOK, count_range, pages);
	if (p == shared_me())
		return tracker->count_own(v, pages);
	return participants_ask(slot_of(p), ASK_COUNT, v, pages);
}

int participants_count(struct view *v, uint64_t enough, uint64_t *pages)
{
	int err = 0;

	*pages = shared_file_of(v)->undeclared ? memory_taken(v) / page_size() : 0;
	if (*pages)
		return 0;
	for (unsigned i = 0; i < shared_session()->slots && *pages < enough && !err; i++) {
		struct shared_participant *p = &shared_session()->participants[i];
		uint64_t some = 0;

		if (p->state != SLOT_TAKEN || !p->places[v->shared - 1].attached)
			continue;
		err = count_one(p, v, &some);
		*pages += some;
		if (err == -ESRCH) {
			bury(p);
			return participants_count(v, enough, pages);
		}
	}
	return err;
}

void participants_reap(void)
{
	each_other(shared_session(), p) {
		if (!proc_is_alive(p->pid, p->start_time))
			bury(p);
	}
}

/*
 * Not one that was announced and does not come: the fork failed, or it died at once.  One that has given a sign of life may wait for the lock
 * as long as others commit; only if it is stopped there is an end to that.
 */
static bool is_expected(struct shared_participant *p)
{
	uint32_t coming = SLOT_COMING, pid = __atomic_load_n(&p->pid, __ATOMIC_SEQ_CST);

	if (!pid || proc_is_stopped(pid) ? sys_now_ns(CLOCK_MONOTONIC) < p->until : proc_is_alive(pid, p->start_time))
		return true;
	__atomic_compare_exchange_n(&p->state, &coming, SLOT_FREE, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return coming == SLOT_TAKEN;
}

bool participants_coming(void)
{
	struct shared_session *s = shared_session();

	for (unsigned i = 0; s && i < s->slots; i++) {
		if (s->participants[i].state == SLOT_COMING && is_expected(&s->participants[i]))
			return true;
	}
	return false;
}

bool participants_others(void)
{
	struct shared_session *s = shared_session();

	for (unsigned i = 0; s && i < s->slots; i++) {
		struct shared_participant *p = &s->participants[i];

		if (p == shared_me() || p->state != SLOT_TAKEN)
			continue;
		if (participants_ask(i, ASK_ALIVE, NULL, NULL) != -ESRCH)
			return true;
		bury(p);
	}
	return false;
}
