/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: participants of one session that move amounts between slots of a marked file, and a driver that kills them at
 * random instants.  The sum of the slots is the same in every committed state.
 *
 *   teller work FILE SEAT SEED
 *   teller drive BIGFILE FILE KILLS [SEED]     BIGFILE is - for a try without Bigfile, where nothing rolls back
 *
 * After each kill every survivor must have made a transfer within a second (teller_limit.c: of what), and the file must hold exactly the last commit.
 * After all were killed, and recovery, it must hold that too, or the commit that was under way.  In the end all exit with
 * status 0, and the file holds everything.  FILE, FILE.ledger and FILE.witness are made anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "teller.h"

struct ledger *ledger;
char *tool, *self, *path;
int kills;

static struct ledger *ledger_open(const char *marked_path)
{
	char name[4096];
	int fd;
	void *p;

	snprintf(name, sizeof name, "%s.ledger", marked_path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(struct ledger)))
		return NULL;
	p = mmap(NULL, sizeof(struct ledger), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int lock_within(int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += ms * 1000000L;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return pthread_mutex_timedlock(&ledger->lock, &until);
}

bool ledger_lock(int limit_ms)
{
	long end = now_ms() + limit_ms;
	int err;

	/* In slices: a waiter that is killed when it has been woken takes the wake-up of the others with it. */
	do
		err = lock_within(20);
	while (err == ETIMEDOUT && now_ms() < end);
	if (err == EOWNERDEAD)
		err = pthread_mutex_consistent(&ledger->lock);
	return !err;
}

void ledger_unlock(void)
{
	pthread_mutex_unlock(&ledger->lock);
}

bool lock_idle(int limit_ms)
{
	struct limit limit = { 0 };

	do {
		if (!ledger_lock(0))
			continue;
		if (ledger->step == IDLE)
			return true;
		ledger_unlock();
	} while (!limit_is_over(&limit, limit_ms));
	printf("the lock is not to be had, or nobody repairs: step %d\n", ledger->step);
	return false;
}

bool read_slots(long *slots)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long sum = 0;

	for (int i = 0; i < SLOTS; i++) {
		if (pread(fd, &slots[i], sizeof *slots, (off_t)i * STRIDE) != sizeof *slots)
			return printf("the file is short\n"), false;
		sum += slots[i];
	}
	close(fd);
	if (sum != SLOTS * AMOUNT)
		printf("the sum is %ld, not %ld\n", sum, SLOTS * AMOUNT);
	return sum == SLOTS * AMOUNT;
}

bool holds(const long *slots, const long *wanted, const char *what)
{
	for (int i = 0; i < SLOTS; i++) {
		if (slots[i] == wanted[i])
			continue;
		return printf("slot %d of the file holds %ld, not %ld as %s\n", i, slots[i], wanted[i], what), false;
	}
	return true;
}

static bool all_go_on(void)
{
	unsigned long before[SEATS];
	struct limit limit = { 0 };

	for (int i = 0; i < SEATS; i++)
		before[i] = ledger->seats[i].transfers;
	for (int i = 0; i < SEATS; i++) {
		struct seat *s = &ledger->seats[i];

		/* One may have been counted late: two are one that began after the kill. */
		while (s->pid && s->transfers < before[i] + 2 && !ledger->bad) {
			if (limit_is_over(&limit, LIMIT_MS))
				return printf("teller %d, process %d: no transfer for a second\n", i, s->pid), false;
		}
	}
	return !ledger->bad;
}

static bool file_is_as_committed(void)
{
	long slots[SLOTS];
	bool good;

	if (!lock_idle(LIMIT_MS))
		return false;
	good = read_slots(slots) && holds(slots, tool ? ledger->committed : ledger->now, "at the last commit");
	ledger_unlock();
	return good;
}

static bool all_exit(void)
{
	long slots[SLOTS];

	ledger->stop = 1;
	for (int i = 0; i < SEATS; i++) {
		if (ledger->seats[i].pid && !wait_until_gone(ledger->seats[i].pid, 10 * LIMIT_MS))
			return false;
	}
	return !ledger->bad && read_slots(slots) && holds(slots, ledger->now, "at the end");
}

static bool make_files(void)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pthread_mutexattr_t attr;
	const long amount = AMOUNT;
	char name[4096];

	snprintf(name, sizeof name, "%s.ledger", path);
	unlink(name);
	ledger = ledger_open(path);
	if (!ledger || !limit_start(path) || ftruncate(fd, FILE_SIZE))
		return perror(path), false;
	ledger->driver = getpid();
	for (int i = 0; i < SLOTS; i++) {
		if (pwrite(fd, &amount, sizeof amount, (off_t)i * STRIDE) != sizeof amount)
			return perror(path), false;
		ledger->now[i] = ledger->committed[i] = amount;
	}
	close(fd);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	return !pthread_mutex_init(&ledger->lock, &attr);
}

static int drive(int wanted, unsigned seed)
{
	const char *way = "the start";
	bool good = make_files();

	printf("seed %u\n", seed);
	fflush(stdout);
	srand(seed);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while (good && kills < wanted) {
		refill(LEAST);
		good = all_go_on() && kill_somebody(&way) && all_go_on() && (!taken_seats() || file_is_as_committed());
	}
	good = good && all_exit();
	if (!good) {
		printf("after %d kills, at last of %s, seed %u\n", kills, way, seed);
		for (int i = 0; i < SEATS; i++)
			kill_seat(i);
	}
	printf("%d kills, %lu commits, %lu aborts, %lu times the work of a killed one was done\n", kills, ledger->commits,
	       ledger->aborts, ledger->repairs);
	return !good;
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (!strcmp(argv[1], "work")) {
		ledger = ledger_open(argv[2]);
		return ledger ? teller_work(argv[2], atoi(argv[3]), (unsigned)atoi(argv[4])) : 1;
	}
	tool = strcmp(argv[2], "-") ? argv[2] : NULL;
	path = argv[3];
	return drive(atoi(argv[4]), argc > 5 ? (unsigned)atoi(argv[5]) : (unsigned)getpid() * 31 + (unsigned)time(NULL));
}
