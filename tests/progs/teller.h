/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tellers and their driver share; teller.c says what they are for.
 *
 * The slots are in the marked file, the ledger in a mapped file beside it that is not marked.  Whoever touches a slot holds the
 * ledger's lock.  It is robust, and the ledger says at any instant what its holder is about to do, in values that may be stored
 * again: who gets the lock after a holder was killed does that to its end, before anything else.  So whatever is committed, and
 * whoever is killed, a committed state is one between two transfers.
 */
#ifndef TEST_TELLER_H
#define TEST_TELLER_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#define SLOTS 512
#define STRIDE 512 /* bytes: eight slots on a page */
#define FILE_SIZE (SLOTS * STRIDE)
#define AMOUNT 1000L /* in each slot at first */
#define SEATS 6
#define LEAST 4 /* tellers at work between two kills */
#define LIMIT_MS 1000 /* on a machine that does nothing else: see struct limit */

enum step { IDLE, TRANSFER, COMMIT, ABORT };

struct seat {
	pid_t pid; /* 0: free */
	unsigned long transfers;
	long waits_since; /* for the lock; 0: does not */
};

struct ledger {
	pthread_mutex_t lock;
	int step;                /* enum step */
	int holder;              /* seat + 1 of who is at that step */
	int slot[2];             /* of the transfer, */
	long after[2];           /* and what they hold when it is done */
	long now[SLOTS];         /* what the slots hold in the open transaction */
	long committed[SLOTS];   /* what they held at the last commit that was answered; during a commit, `now` may be true instead */
	int fork_wanted;         /* seat + 1 of the child that one of the tellers shall fork */
	pid_t driver;            /* without it no teller goes on */
	int stop;                /* the tellers shall exit with status 0 */
	int bad;                 /* a teller saw what must not be */
	unsigned long commits, aborts, repairs;
	struct seat seats[SEATS];
};

extern struct ledger *ledger;
extern char *tool, *self, *path; /* the driver's arguments; tool is NULL without Bigfile */
extern int kills;

/* False after so many milliseconds.  A holder that died is forgiven; the step says what it left. */
bool ledger_lock(int limit_ms);
void ledger_unlock(void);
/* With nothing left undone, as it is once a survivor has had the lock. */
bool lock_idle(int limit_ms);

int teller_work(const char *file, int seat, unsigned seed);

/* The driver's: these print what is wrong, and return false. */
bool kill_somebody(const char **way);
bool kill_seat(int seat);
bool wait_until_gone(pid_t pid, int limit_ms);
bool read_slots(long *slots);
bool holds(const long *slots, const long *wanted, const char *what);
int taken_seats(void);
/* Starts tellers and has tellers fork, until there are so many. */
void refill(int least);
long now_ms(void);

/* A wait with a limit: teller_limit.c says in which time.  All 0 at first. */
struct limit {
	long begun;
	int turns;
};
bool limit_start(const char *marked_path);
/* Waits a little, unless it is over.  Look once more before you give up. */
bool limit_is_over(struct limit *l, int ms);

#endif
