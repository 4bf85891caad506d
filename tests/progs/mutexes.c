/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: locks that processes may share, in a window.
 *
 *   mutexes FILE met|busy|plain KIND     FILE: 1 MiB.  KIND: of the table below
 *
 * met: a thread waits for the lock, and meanwhile another process comes to the file; then the lock is given free.  busy: threads contend for the
 * lock while another one commits, all the time.  plain: nobody commits.  Ends with 1, and says so, when somebody waits in
 * vain; where the kernel does not answer as it should, libc ends the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bigfile.h"

#define SIZE ((size_t)1 << 20)
#define THREADS 4
#define ROUNDS 2000

struct locks {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	pthread_rwlock_t rwlock;
	pthread_barrier_t barrier;
	sem_t sem;
	int turns;
};

static struct locks *locks;
static char *map;
static bool over;
static int ready, done, parties;

struct kind {
	const char *name;
	void (*init)(void);
	void (*hold)(void);      /* so that who waits does so until let_go */
	void (*wait)(void);
	void (*let_go)(void);
	void (*turn)(int round); /* of one of several threads */
};

/* A mutex of either sort. */
static void init_mutex(void)
{
	pthread_mutexattr_t shared;

	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&locks->mutex, &shared);
}

static void init_robust(void)
{
	pthread_mutexattr_t shared;

	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&locks->mutex, &shared);
}

static void lock(void)
{
	pthread_mutex_lock(&locks->mutex);
}

static void unlock(void)
{
	pthread_mutex_unlock(&locks->mutex);
}

static void lock_and_unlock(void)
{
	lock();
	unlock();
}

static void turn_mutex(int round)
{
	lock();
	locks->turns++;
	if (round % 16 == 0)
		usleep(50);
	unlock();
}

/* A condition, which all wait for until it is the turn of another one. */
static void init_cond(void)
{
	pthread_condattr_t shared;

	init_mutex();
	pthread_condattr_init(&shared);
	pthread_condattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&locks->cond, &shared);
}

static void nothing(void)
{
}

static void turn_cond(int round)
{
	lock();
	while (locks->turns < round)
		pthread_cond_wait(&locks->cond, &locks->mutex);
	unlock();
}

static void wait_cond(void)
{
	turn_cond(1);
}

static void next_turn(void)
{
	lock();
	locks->turns++;
	pthread_cond_broadcast(&locks->cond);
	unlock();
}

/* In each round one of the threads brings the next. */
static void turn_or_next(int round)
{
	static int at;

	if (__atomic_add_fetch(&at, 1, __ATOMIC_SEQ_CST) % THREADS == 0)
		next_turn();
	turn_cond(round);
}

static void init_rwlock(void)
{
	pthread_rwlockattr_t shared;

	pthread_rwlockattr_init(&shared);
	pthread_rwlockattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_rwlock_init(&locks->rwlock, &shared);
}

static void hold_rwlock(void)
{
	pthread_rwlock_wrlock(&locks->rwlock);
}

static void leave_rwlock(void)
{
	pthread_rwlock_unlock(&locks->rwlock);
}

static void turn_rwlock(int round)
{
	if (round % 2)
		pthread_rwlock_wrlock(&locks->rwlock);
	else
		pthread_rwlock_rdlock(&locks->rwlock);
	if (round % 16 == 0)
		usleep(50);
	leave_rwlock();
}

static void wait_rwlock(void)
{
	turn_rwlock(2);
}

static void init_barrier(void)
{
	pthread_barrierattr_t shared;

	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&locks->barrier, &shared, (unsigned)parties);
}

static void meet(void)
{
	pthread_barrier_wait(&locks->barrier);
}

static void turn_barrier(int round)
{
	meet();
}

static void init_sem(void)
{
	sem_init(&locks->sem, 1, 1);
}

static void take_sem(void)
{
	sem_wait(&locks->sem);
}

static void give_sem(void)
{
	sem_post(&locks->sem);
}

static void turn_sem(int round)
{
	take_sem();
	if (round % 16 == 0)
		usleep(50);
	give_sem();
}

static const struct kind kinds[] = {
	{ "mutex", init_mutex, lock, lock_and_unlock, unlock, turn_mutex },
	{ "robust", init_robust, lock, lock_and_unlock, unlock, turn_mutex },
	{ "cond", init_cond, nothing, wait_cond, next_turn, turn_or_next },
	{ "rwlock", init_rwlock, hold_rwlock, wait_rwlock, leave_rwlock, turn_rwlock },
	{ "barrier", init_barrier, nothing, meet, meet, turn_barrier },
	{ "sem", init_sem, take_sem, take_sem, give_sem, turn_sem },
};

static const struct kind *kind;

static void *wait_for_it(void *arg)
{
	kind->wait();
	__atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *take_turns(void *arg)
{
	for (int i = 1; i <= ROUNDS; i++)
		kind->turn(i);
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *commit(void *arg)
{
	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		if (bigfile_commit() && errno != ECANCELED)
			perror("commit");
		__atomic_store_n(&ready, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* Are there n of them within a minute? */
static bool ends_soon(int n)
{
	for (int i = 0; i < 6000 && __atomic_load_n(&done, __ATOMIC_SEQ_CST) < n; i++)
		usleep(10000);
	return done >= n;
}

static bool meets_another(void)
{
	pthread_t thread;
	pid_t child;

	kind->hold();
	pthread_create(&thread, NULL, wait_for_it, NULL);
	usleep(100000);
	child = fork();
	if (!child) {
		map[SIZE / 2] = 1;
		_exit(0);
	}
	waitpid(child, NULL, 0);
	kind->let_go();
	return ends_soon(1);
}

static bool is_busy(bool commits)
{
	pthread_t thread;

	if (commits) {
		pthread_create(&thread, NULL, commit, NULL);
		while (!__atomic_load_n(&ready, __ATOMIC_SEQ_CST))
			usleep(1000);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, take_turns, NULL);
	return ends_soon(THREADS);
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR);
	bool ok;

	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!strcmp(kinds[i].name, argv[3]))
			kind = &kinds[i];
	}
	if (map == MAP_FAILED || !kind)
		return 2;
	locks = (struct locks *)(map + 8192);
	memset(locks, 0, sizeof *locks);
	parties = !strcmp(argv[2], "met") ? 2 : THREADS;
	kind->init();
	ok = !strcmp(argv[2], "met") ? meets_another() : is_busy(!strcmp(argv[2], "busy"));
	if (!ok)
		printf("%s: somebody waits in vain\n", kind->name);
	fflush(stdout);
	_exit(!ok);
}
