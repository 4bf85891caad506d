/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* It is quiet with two threads, the engine's and the one that waits, not with three, and not when nobody waits. */
#include <pthread.h>

#include "quiet.h"
#include "tap.h"

static pthread_mutex_t end = PTHREAD_MUTEX_INITIALIZER;

static void *run(void *arg)
{
	pthread_mutex_lock(&end);
	pthread_mutex_unlock(&end);
	return NULL;
}

int main(void)
{
	pthread_t a, b;

	plan(5);
	pthread_mutex_lock(&end);
	quiet_asker(true);
	ok(!quiet_now(), "one thread: who could have asked?");
	quiet_asker(false);
	pthread_create(&a, NULL, run, NULL);
	ok(!quiet_now(), "nobody waits: not quiet");
	quiet_asker(true);
	ok(quiet_now(), "two threads");
	pthread_create(&b, NULL, run, NULL);
	ok(!quiet_now(), "three threads");
	pthread_mutex_unlock(&end);
	pthread_join(b, NULL);
	pthread_join(a, NULL);
	quiet_asker(false);
	ok(!quiet_now(), "nobody waits any more");
	return done();
}
