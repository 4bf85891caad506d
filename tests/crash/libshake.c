/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded before the library: shakes the order in which threads and processes come to what they do.  SHAKE=SEED says how.
 *
 * Around each system call of the engine, which enters the kernel by syscall(2) alone (shim/sys.h) - and every lock of it blocks
 * signals, waits and wakes that way -, a thread may yield or sleep.  A seed chooses some of:
 *
 *   noise   now and then, for a short time
 *   points  a few calls, each by its count and its side, before or after, for so long that all others come to what they would do
 *   ticks   a thread is held at any instruction of its: timers send the signal by which libc has all threads take part in setuid(),
 *           the only one that the engine leaves open under its locks, and its handler sleeps
 *   one     everybody on one processor
 *   nice    some threads get less of the processor
 *
 * SHAKE_SANITIZER: the engine thread, which has a descriptor table of its own, keeps the first three, so that one hears what a sanitizer says
 * there; and no ticks, for its runtime is not made for signals that it does not know of.
 *
 * The same seed shakes alike, but what comes of it is up to the kernel too: what it found once may take some tries.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libcall.h"

#define LIBC_SETXID 33
#define POINTS 6
#define MOST_TICKS 400 /* of a thread: more would not be held, but be slow */

struct point {
	uint64_t count;
	bool after;
	long ns;
};

static uint64_t seed;
static bool begun, noise, ticks, nice_some, sanitizer;
static unsigned noise_in;
static long tick_ns;
static struct point points[POINTS];
static unsigned point_count;
static uint64_t calls; /* of this process */
static uint32_t threads;

struct me {
	long tid; /* 0: has not begun */
	uint64_t random;
	int timer;
	unsigned ticks_left;
};
static __thread struct me me __attribute__((tls_model("initial-exec")));

static uint64_t scatter(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint64_t next(uint64_t *state)
{
	return scatter(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static void rest(long ns)
{
	struct timespec t = { 0, ns };

	raw(SYS_nanosleep, (long)&t, 0);
}

static void rest_a_while(uint64_t *random)
{
	switch (next(random) % 16) {
	case 0:
		rest((long)(next(random) % 2000000));
		break;
	case 1 ... 6:
		rest((long)(next(random) % 150000));
		break;
	default:
		raw(SYS_sched_yield, 0);
	}
}

/* What the kernel takes for an action; libc's sigaction refuses this signal. */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

void shake_return(void);
__asm__(".text\n.globl shake_return\n.hidden shake_return\nshake_return:\n\tmov $15, %eax\n\tsyscall\n");

static void arm(void)
{
	struct itimerspec t = { { 0, 0 }, { 0, 1 + (long)(next(&me.random) % (uint64_t)tick_ns) } };

	raw(SYS_timer_settime, me.timer, 0, (long)&t, 0);
}

static void on_tick(int sig)
{
	if (!me.tid || !me.ticks_left)
		return;
	me.ticks_left--;
	rest_a_while(&me.random);
	arm();
}

/* Again with each thread: libc takes the signal for itself when the first one is made. */
static void start_ticks(void)
{
	struct kernel_action action = { on_tick, SA_RESTART | 0x04000000, shake_return, 0 };
	struct sigevent event = { .sigev_signo = LIBC_SETXID, .sigev_notify = SIGEV_THREAD_ID };

	event._sigev_un._tid = (int)me.tid;
	raw(SYS_rt_sigaction, LIBC_SETXID, (long)&action, 0, 8);
	me.ticks_left = 0;
	if (raw(SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&me.timer))
		return;
	me.ticks_left = MOST_TICKS;
	arm();
}

static void choose_points(uint64_t *random)
{
	point_count = (unsigned)(next(random) % (POINTS + 1));
	for (unsigned i = 0; i < point_count; i++) {
		/* Near ones as often as far ones. */
		unsigned magnitude = 3 + (unsigned)(next(random) % 11);

		points[i].count = (UINT64_C(1) << magnitude) + next(random) % (UINT64_C(1) << magnitude);
		points[i].after = next(random) & 1;
		points[i].ns = 1000000 + (long)(next(random) % 30000000);
	}
}

static void begin(void)
{
	const char *text = getenv("SHAKE");
	uint64_t random = seed = text ? strtoull(text, NULL, 10) : 0, cpus = 0;

	begun = true;
	sanitizer = getenv("SHAKE_SANITIZER");
	if (!seed)
		return;
	noise = next(&random) % 4 != 0;
	noise_in = 4u << next(&random) % 5;
	choose_points(&random);
	ticks = next(&random) % 2 && !sanitizer;
	tick_ns = 20000L << next(&random) % 8;
	nice_some = next(&random) % 4 == 0;
	if (next(&random) % 4 == 0 && raw(SYS_sched_getaffinity, 0, sizeof cpus, (long)&cpus) > 0) {
		while (cpus & (cpus - 1))
			cpus &= cpus - 1;
		raw(SYS_sched_setaffinity, 0, sizeof cpus, (long)&cpus);
	}
}

/* Also of the thread that is left in a forked child. */
static void begin_thread(long tid)
{
	me.random = scatter(seed + 1 + __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED));
	me.tid = tid;
	/* Not SCHED_IDLE: on a machine that has much to do it would wait for ever. */
	if (nice_some && next(&me.random) % 3 == 0)
		raw(SYS_setpriority, PRIO_PROCESS, tid, 10);
	if (ticks)
		start_ticks();
}

static void shake(uint64_t n, bool after)
{
	for (unsigned i = 0; i < point_count; i++) {
		if (points[i].count == n && points[i].after == after)
			rest(points[i].ns);
	}
	if (noise && next(&me.random) % noise_in == 0)
		rest_a_while(&me.random);
}

long syscall(long nr, ...)
{
	long a[6], result, tid;
	uint64_t n = 0;
	va_list args;

	va_start(args, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (!begun)
		begin();
	if (seed) {
		tid = raw(SYS_gettid, 0);
		if (me.tid != tid)
			begin_thread(tid);
		n = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
		shake(n, false);
	}
	if (nr == SYS_close_range && sanitizer && a[0] == 0)
		a[0] = 3;
	result = raw6(nr, a);
	if (seed)
		shake(n, true);
	return answer_of(result);
}
