/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts tellers and kills them, in many ways.  See teller.h. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "teller.h"

extern char **environ;

static void pause_us(int most)
{
	usleep((useconds_t)(rand() % most));
}

/* Ends this program when it cannot: to kill process -1 is to kill every process there is. */
static pid_t spawn(char **argv)
{
	pid_t pid;
	int err = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);

	if (err) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(err));
		exit(1);
	}
	return pid;
}

static void kill_now(pid_t pid)
{
	if (pid > 1)
		kill(pid, SIGKILL);
}

/* Its wait status; -1 after the limit. */
static int status_of(pid_t pid, int limit_ms)
{
	struct limit limit = { 0 };
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (limit_is_over(&limit, limit_ms))
			return printf("process %d does not end\n", pid), -1;
	}
	return status;
}

static bool is_gone(pid_t pid)
{
	/* Grandchildren whose parents were killed are ours to reap. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return kill(pid, 0) && errno == ESRCH;
}

bool wait_until_gone(pid_t pid, int limit_ms)
{
	struct limit limit = { 0 };

	while (!is_gone(pid)) {
		if (limit_is_over(&limit, limit_ms))
			return printf("process %d does not end\n", pid), false;
	}
	return true;
}

static void start_teller(int seat)
{
	char number[16], seed[16];
	char *argv[] = { tool, "run", "-p", path, "--", self, "work", path, number, seed, NULL };

	snprintf(number, sizeof number, "%d", seat);
	snprintf(seed, sizeof seed, "%d", rand());
	ledger->seats[seat].transfers = 0;
	/* A child that comes late may sit there by now. */
	kill_now(__atomic_exchange_n(&ledger->seats[seat].pid, spawn(tool ? argv : argv + 5), __ATOMIC_SEQ_CST));
}

static int random_seat(bool taken)
{
	int first = rand() % SEATS;

	for (int i = 0; i < SEATS; i++) {
		int seat = (first + i) % SEATS;

		if (taken == !!ledger->seats[seat].pid)
			return seat;
	}
	return -1;
}

int taken_seats(void)
{
	int n = 0;

	for (int i = 0; i < SEATS; i++)
		n += ledger->seats[i].pid != 0;
	return n;
}

/* Kills who sits there; false when it does not die. */
bool kill_seat(int seat)
{
	pid_t pid = seat < 0 ? 0 : ledger->seats[seat].pid;

	if (!pid)
		return true;
	kill_now(pid);
	kills++;
	ledger->seats[seat].pid = 0;
	ledger->seats[seat].waits_since = 0;
	return wait_until_gone(pid, 2000);
}

/* Returns the child's seat, or -1 when there is none within the limit: its parent was killed before. */
static int await_child(int seat)
{
	struct limit limit = { 0 };

	while (!ledger->seats[seat].pid) {
		if (limit_is_over(&limit, LIMIT_MS)) {
			__atomic_store_n(&ledger->fork_wanted, 0, __ATOMIC_SEQ_CST);
			return -1;
		}
	}
	return seat;
}

/* One of the tellers shall fork. */
static void order_child(int seat)
{
	ledger->seats[seat].transfers = 0;
	__atomic_store_n(&ledger->fork_wanted, seat + 1, __ATOMIC_SEQ_CST);
}

void refill(int least)
{
	while (taken_seats() < least) {
		int seat = random_seat(false);

		if (taken_seats() && rand() % 2) {
			order_child(seat);
			await_child(seat);
		} else {
			start_teller(seat);
		}
	}
}

/* Ways to kill.  Each returns false when something has gone wrong already. */

static bool anyone(void)
{
	pause_us(5000);
	return kill_seat(random_seat(true));
}

static bool two_at_once(void)
{
	int one = random_seat(true);

	if (one >= 0)
		kill_now(ledger->seats[one].pid);
	return kill_seat(random_seat(true)) && kill_seat(one);
}

static bool at_step(enum step step, int most_us)
{
	for (long end = now_ms() + 500; ledger->step != (int)step;) {
		if (now_ms() > end)
			return true;
		if (step != TRANSFER) /* that is too short to sleep through */
			usleep(10);
	}
	pause_us(most_us);
	return kill_seat(ledger->holder - 1);
}

static bool in_transfer(void)
{
	return at_step(TRANSFER, 2);
}

static bool in_commit(void)
{
	return at_step(COMMIT, 1 + rand() % 4000);
}

static bool in_abort(void)
{
	return at_step(ABORT, 1 + rand() % 500);
}

static bool joining(void)
{
	int seat = random_seat(false);

	if (seat < 0)
		return anyone();
	start_teller(seat);
	pause_us(10000);
	return kill_seat(seat);
}

static bool newborn(void)
{
	int seat = random_seat(false);

	if (seat < 0)
		return anyone();
	order_child(seat);
	if (await_child(seat) < 0)
		return printf("no teller forks\n"), false;
	pause_us(1000);
	return kill_seat(seat);
}

static bool forking(void)
{
	int seat = random_seat(false);
	bool dead;

	if (seat < 0)
		return anyone();
	order_child(seat);
	pause_us(2000);
	dead = kill_seat(random_seat(true));
	await_child(seat);
	return dead;
}

/* Asked from outside to commit, and killed.  All others wait for the lock meanwhile. */
static bool asked(void)
{
	int seat = random_seat(true), status;
	char pid[16];
	char *argv[] = { tool, "commit", pid, NULL };
	pid_t asker;
	bool dead;

	if (!tool || !ledger->seats[seat].transfers)
		return anyone();
	if (!lock_idle(LIMIT_MS))
		return false;
	ledger->step = COMMIT;
	ledger->holder = seat + 1;
	snprintf(pid, sizeof pid, "%d", ledger->seats[seat].pid);
	asker = spawn(argv);
	pause_us(1 + rand() % 12000);
	kill_now(ledger->seats[seat].pid);
	status = status_of(asker, LIMIT_MS);
	if (!status) {
		memcpy(ledger->committed, ledger->now, sizeof ledger->now);
		ledger->step = IDLE;
	}
	dead = kill_seat(seat);
	ledger_unlock();
	return dead && status != -1;
}

static bool no_child_left(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		;
	return pid < 0 && errno == ECHILD;
}

/* Also a child whose parent was killed while it forked: it takes its seat when it can. */
static bool kill_all(void)
{
	struct limit limit = { 0 };

	for (int i = 0; i < SEATS; i++)
		kill_now(ledger->seats[i].pid);
	do {
		for (int i = 0; i < SEATS; i++) {
			if (!kill_seat(i))
				return false;
		}
		if (no_child_left())
			return true;
	} while (!limit_is_over(&limit, LIMIT_MS));
	return printf("a child of a killed one does not come\n"), false;
}

static bool everybody(void)
{
	char *recover[] = { tool, "recover", path, NULL };
	bool maybe_more;
	int status;
	long slots[SLOTS];

	if (!kill_all())
		return false;
	ledger->fork_wanted = 0;
	if (!tool)
		return true;
	status = status_of(spawn(recover), 10 * LIMIT_MS);
	if (status || !read_slots(slots))
		return printf("recover: %d\n", status), false;
	maybe_more = ledger->step == COMMIT && !memcmp(slots, ledger->now, sizeof slots);
	if (!maybe_more && !holds(slots, ledger->committed, "at the last commit"))
		return false;
	memcpy(ledger->now, slots, sizeof slots);
	memcpy(ledger->committed, slots, sizeof slots);
	ledger->step = IDLE;
	return true;
}

static const struct {
	bool (*kill)(void);
	const char *name;
} ways[] = {
	{ anyone, "anyone" }, { two_at_once, "two at once" }, { in_transfer, "in a transfer" }, { in_commit, "in a commit" },
	{ in_commit, "in a commit" }, { in_abort, "in an abort" }, { joining, "joining" }, { newborn, "a newborn child" },
	{ forking, "forking" }, { asked, "asked to commit" }, { everybody, "everybody" },
};

bool kill_somebody(const char **way)
{
	unsigned i = (unsigned)rand() % (sizeof ways / sizeof *ways);

	*way = ways[i].name;
	return ways[i].kill();
}
