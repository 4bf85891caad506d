/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A teller: transfers amounts between slots, commits and aborts now and then, forks when the driver wants it.  See teller.h. */
#include <errno.h>

#include "control.h"
#include "teller.h"

#define PATIENCE_MS 50 /* before a turn is owed to somebody */
#define GIVE_WAY 100   /* times: he may have been killed */

static char *map;
static int seat;
static struct control_page *page;

static volatile long *slot(int i)
{
	return (volatile long *)(map + (size_t)i * STRIDE);
}

/* NULL without Bigfile, where nothing can be rolled back. */
static struct control_page *own_page(void)
{
	if (!page)
		page = control_page_of(getpid());
	return page;
}

static void begin_step(enum step step)
{
	ledger->holder = seat + 1;
	__atomic_store_n(&ledger->step, step, __ATOMIC_SEQ_CST);
}

static void end_step(void)
{
	__atomic_store_n(&ledger->step, IDLE, __ATOMIC_SEQ_CST);
}

static void fail(const char *what, int result)
{
	printf("teller %d, process %d: %s: %s\n", seat, getpid(), what, strerror(result));
	fflush(stdout);
	ledger->bad = 1;
	_exit(9);
}

static void do_transfer(void)
{
	for (int i = 0; i < 2; i++) {
		*slot(ledger->slot[i]) = ledger->after[i];
		ledger->now[ledger->slot[i]] = ledger->after[i];
	}
	end_step();
}

static void do_commit(bool by_signal)
{
	int result;

	if (by_signal && own_page())
		result = -control_by_signal(page, getpid(), SIGUSR1, CONTROL_COMMIT);
	else
		result = msync(map, FILE_SIZE, MS_SYNC) ? errno : 0;
	if (result)
		fail("commit", result);
	memcpy(ledger->committed, ledger->now, sizeof ledger->now);
	ledger->commits++;
	end_step();
}

static void do_abort(void)
{
	int result;

	if (own_page()) {
		result = -control_by_signal(page, getpid(), SIGUSR2, CONTROL_ABORT);
		if (result)
			fail("abort", result);
		memcpy(ledger->now, ledger->committed, sizeof ledger->now);
	}
	ledger->aborts++;
	end_step();
}

/* What a killed holder of the lock was at. */
static void repair(void)
{
	int step = ledger->step;

	if (step == IDLE)
		return;
	ledger->holder = seat + 1;
	ledger->repairs++;
	if (step == TRANSFER)
		do_transfer();
	else if (step == COMMIT)
		do_commit(false);
	else
		do_abort();
}

static void look_at(int i)
{
	long found = *slot(i);

	if (found == ledger->now[i])
		return;
	printf("teller %d, process %d: slot %d holds %ld, not %ld (at the last commit: %ld)\n", seat, getpid(), i, found,
	       ledger->now[i], ledger->committed[i]);
	fail("a store is lost", 0);
}

static void transfer(unsigned *seed)
{
	long amount = rand_r(seed) % 100;

	ledger->slot[0] = rand_r(seed) % SLOTS;
	ledger->slot[1] = (ledger->slot[0] + 1 + rand_r(seed) % (SLOTS - 1)) % SLOTS;
	for (int i = 0; i < 2; i++)
		look_at(ledger->slot[i]);
	ledger->after[0] = ledger->now[ledger->slot[0]] - amount;
	ledger->after[1] = ledger->now[ledger->slot[1]] + amount;
	begin_step(TRANSFER);
	do_transfer();
}

/* The mutex is not fair, and among so many one would now and then have no turn for a second. */
static bool is_anothers_turn(void)
{
	for (int i = 0; i < SEATS; i++) {
		long since = __atomic_load_n(&ledger->seats[i].waits_since, __ATOMIC_SEQ_CST);

		if (i != seat && ledger->seats[i].pid && since && ledger->seats[seat].waits_since - since > PATIENCE_MS)
			return true;
	}
	return false;
}

static void take_turn(void)
{
	__atomic_store_n(&ledger->seats[seat].waits_since, now_ms(), __ATOMIC_SEQ_CST);
	for (int i = 0; i < GIVE_WAY; i++) {
		if (!ledger_lock(60000))
			fail("the lock", ETIMEDOUT);
		if (i + 1 == GIVE_WAY || !is_anothers_turn())
			break;
		ledger_unlock();
		usleep(200);
	}
	__atomic_store_n(&ledger->seats[seat].waits_since, 0, __ATOMIC_SEQ_CST);
}

static void one_turn(unsigned *seed)
{
	int dice = rand_r(seed) % 64;

	take_turn();
	repair();
	transfer(seed);
	if (dice < 4) {
		begin_step(COMMIT);
		do_commit(dice % 2);
	} else if (dice == 4) {
		begin_step(ABORT);
		do_abort();
	}
	ledger_unlock();
	__atomic_add_fetch(&ledger->seats[seat].transfers, 1, __ATOMIC_SEQ_CST);
	usleep((useconds_t)rand_r(seed) % 200);
}

/* The child goes on as the teller of another seat, unless it comes so late that somebody else sits there. */
static void fork_teller(int wanted, unsigned *seed)
{
	pid_t nobody = 0;

	if (fork())
		return;
	seat = wanted - 1;
	*seed += (unsigned)wanted * 7919;
	page = NULL;
	if (!__atomic_compare_exchange_n(&ledger->seats[seat].pid, &nobody, getpid(), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		_exit(0);
}

int teller_work(const char *file, int my_seat, unsigned seed)
{
	int fd = open(file, O_RDWR), wanted;

	seat = my_seat;
	signal(SIGCHLD, SIG_IGN);
	map = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		fail("mmap", errno);
	if (!own_page() && getenv("BIGFILE_PATHS"))
		fail("no control page", 0);
	while (!__atomic_load_n(&ledger->stop, __ATOMIC_SEQ_CST)) {
		if (kill(ledger->driver, 0))
			return 1;
		wanted = __atomic_exchange_n(&ledger->fork_wanted, 0, __ATOMIC_SEQ_CST);
		if (wanted)
			fork_teller(wanted, &seed);
		one_turn(&seed);
	}
	return 0;
}
