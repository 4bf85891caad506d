/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See explore.h. */
#include "explore.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds of processor time: it takes a millisecond. */
#define PATIENCE 20

static const char *const kinds[] = {
	[CRASH_KILL] = "kill", [CRASH_ALL] = "power cut, all on disk", [CRASH_NOTHING] = "power cut, nothing unsynced on disk",
	[CRASH_CALLS] = "power cut, some calls lost", [CRASH_TORN] = "power cut, some calls lost and one torn",
	[CRASH_SECTORS] = "power cut, some sectors lost", [CRASH_NODES] = "power cut, of some files nothing unsynced on disk",
	[CRASH_BUT_ONE] = "power cut, one call lost",
};

/* Where we are: one crash, or a crash and then one of its recovery. */
struct point {
	const struct trace *trace;
	size_t event;
	enum crash_kind kind;
	unsigned acked;
	const struct point *before;
	long killed; /* before this call of its recovery, which another one has completed; 0: it was not */
};

static void describe(const struct point *p, char *text, size_t size)
{
	size_t n = 0;

	if (p->before) {
		describe(p->before, text, size);
		n = strlen(text);
		n += (size_t)snprintf(text + n, size - n, "; in its recovery: ");
	}
	if (n < size)
		n += (size_t)snprintf(text + n, size - n, "%s after event %zu", kinds[p->kind], p->event);
	if (p->killed && n < size)
		snprintf(text + n, size - n, "; its recovery killed before call %ld", p->killed);
}

static void fail(struct explore *x, const struct point *p, const char *what)
{
	char where[512], text[4096];

	x->lost++;
	if (x->lost > 5)
		return;
	describe(p, where, sizeof where);
	snprintf(text, sizeof text, "%s: %s%s%s", where, what, inside.said[0] ? "; the engine said: " : "",
		 inside.said);
	x->report(x, text);
	for (; p; p = p->before) {
		printf("# before %s:\n", kinds[p->kind]);
		for (size_t i = p->event < 20 ? 0 : p->event - 19; i <= p->event; i++)
			trace_print(p->trace, i);
	}
	fflush(stdout);
}

static void check(struct explore *x, const struct point *p, int result)
{
	char text[512];

	x->tried++;
	if (result) {
		snprintf(text, sizeof text, "%u acknowledged, recovery failed (%s)", p->acked, strerror(-result));
		fail(x, p, text);
	} else if (oracle_objects(&x->oracle, x->watch, p->acked, x->may_leave, text, sizeof text)) {
		fail(x, p, text);
	}
}

static struct {
	struct explore *x;
	const struct point *at;
} under_way;

/* In a loop of the engine's, not in stdio. */
static void never_ends(int sig)
{
	fail(under_way.x, under_way.at, "recovery does not end");
	_exit(1);
}

static void place(struct explore *x, const struct state *s, const struct point *p, unsigned boot)
{
	static const struct itimerval patience = { .it_value.tv_sec = PATIENCE };

	under_way.x = x;
	under_way.at = p;
	signal(SIGPROF, never_ends);
	setitimer(ITIMER_PROF, &patience, NULL);
	inside.boot = boot;
	watch_place(x->watch, s);
}

/*
 * What the crash leaves.  After a power cut nothing is newer than the boot that follows, and stays so while that lasts: the machine was not
 * really started anew, and the clock that it is told is coarser than that of the files.
 */
static void crash(const struct disk *d, const struct point *p, uint64_t *random, struct state *s)
{
	disk_crash(d, p->trace, p->kind, random, s);
	if (p->kind != CRASH_KILL)
		state_no_later(s, inside.boot_time);
}

static void recover_and_check(struct explore *x, const struct point *p)
{
	int result = inside_recover((unsigned)chance_below(&x->random, x->watch->files));

	check(x, p, result);
	/* Again: there must be nothing left to do. */
	if (!result && chance_below(&x->random, 8) == 0)
		check(x, p, inside_recover(0));
}

/* Recovery ends at one of its own calls, then another one does it. */
static void kill_recovery(struct explore *x, const struct point *p, const struct state *s, unsigned boot, long calls)
{
	struct point second = *p;
	int status;
	pid_t child;

	place(x, s, p, boot);
	fflush(stdout);
	second.killed = 1 + (long)chance_below(&x->random, (uint64_t)calls);
	child = fork();
	if (child == 0) {
		inside.kill_at = second.killed;
		inside_recover(0);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (!WIFEXITED(status))
		fail(x, &second, "recovery crashed");
	recover_and_check(x, &second);
}

/* All crashes of one recovery: the trace has its events from `from` on. */
static void crash_recovery(struct explore *x, const struct point *before, const struct trace *t, struct disk *d, size_t from, unsigned boot)
{
	struct state s;

	for (size_t i = from; i < t->count; i++) {
		disk_take(d, t, i);
		for (unsigned k = 0; k < 2; k++) {
			struct point p = { t, i, k ? CRASH_ALL + chance_below(&x->random, CRASH_KINDS - CRASH_ALL) : CRASH_KILL,
					   before->acked, before, 0 };

			crash(d, &p, &x->random, &s);
			place(x, &s, &p, p.kind == CRASH_KILL ? boot : boot + 1);
			recover_and_check(x, &p);
			state_free(&s);
		}
	}
}

/* Recovery is recorded; it goes on where the crash left the disk, with all that was not durable when only the program was killed. */
static void crash_deeper(struct explore *x, const struct point *p, const struct disk *d, const struct state *s, unsigned boot)
{
	struct trace *recorded = &x->watch->trace, whole = { 0 };
	struct disk after = { 0 };
	size_t from = 0;
	long calls;

	place(x, s, p, boot);
	trace_cut(recorded, 0);
	inside.recording = true;
	inside_recover((unsigned)chance_below(&x->random, x->watch->files));
	inside.recording = false;
	calls = inside.calls;
	if (p->kind == CRASH_KILL) {
		from = p->event + 1;
		disk_copy(&after, d);
	} else {
		state_copy(&after.durable, s);
	}
	trace_join(&whole, p->trace, from, recorded);
	crash_recovery(x, p, &whole, &after, from, boot);
	kill_recovery(x, p, s, boot, calls);
	disk_free(&after);
	free(whole.events);
}

/* A record that is there and not durable is where recovery has most to do. */
static unsigned odds_of_depth(const struct explore *x, const struct point *p)
{
	const struct event *e = &p->trace->events[p->event];
	bool is_record = e->kind == EVENT_WRITE && e->node >= x->watch->files && e->length > SECTOR;

	return p->kind == CRASH_KILL && is_record ? 1 + x->deep / 8 : x->deep;
}

static void crash_here(struct explore *x, const struct trace *t, const struct disk *d, size_t i, unsigned acked)
{
	struct state s;

	for (unsigned k = 0; k < 2 + x->samples; k++) {
		struct point p = { t, i, CRASH_KILL, acked, NULL, 0 };
		unsigned boot;

		if (k == 1)
			p.kind = chance_below(&x->random, 2) ? CRASH_ALL : CRASH_NOTHING;
		else if (k > 1)
			p.kind = CRASH_CALLS + chance_below(&x->random, CRASH_KINDS - CRASH_CALLS);
		/* With everything on the disk it makes no difference what is lost. */
		if (k > 1 && !d->pending_count)
			break;
		boot = p.kind != CRASH_KILL;
		crash(d, &p, &x->random, &s);
		alarm(300);
		place(x, &s, &p, boot);
		recover_and_check(x, &p);
		if (x->deep && chance_below(&x->random, odds_of_depth(x, &p)) == 0)
			crash_deeper(x, &p, d, &s, boot);
		state_free(&s);
	}
}

void explore_trace(struct explore *x, const struct trace *t, const struct state *base, size_t from)
{
	struct disk d = { 0 };
	unsigned acked = 0;

	state_copy(&d.durable, base);
	for (size_t i = 0; i < t->count; i++) {
		disk_take(&d, t, i);
		if (t->events[i].kind == EVENT_ACK)
			acked = (unsigned)t->events[i].offset;
		if (i >= from && chance_below(&x->random, x->step) == 0)
			crash_here(x, t, &d, i, acked);
	}
	alarm(0);
	setitimer(ITIMER_PROF, &(struct itimerval){ 0 }, NULL);
	disk_free(&d);
}
