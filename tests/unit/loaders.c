/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pause waits for threads that are loading, and not for one that was killed in the midst of it. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loaders.h"
#include "sys.h"
#include "tap.h"

#define MANY 100 /* more than are noted */

static volatile int begun, go_on;

static void *load(void *arg)
{
	loaders_begin();
	__atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST);
	while (!go_on)
		usleep(1000);
	loaders_end();
	return NULL;
}

/* It shares our memory, and so the notes. */
static void load_and_die(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		loaders_begin();
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, NULL, 0);
}

static bool pauses(void)
{
	bool done = loaders_pause();

	loaders_go_on();
	return done;
}

int main(void)
{
	pthread_t thread;

	plan(5);
	ok(pauses(), "nobody loads");
	pthread_create(&thread, NULL, load, NULL);
	while (!begun)
		usleep(1000);
	ok(!pauses(), "somebody does, for longer than it is waited for");
	go_on = 1;
	pthread_join(thread, NULL);
	ok(pauses(), "nobody does any more");
	load_and_die();
	ok(pauses(), "a child of vfork() was killed while it did");
	for (int i = 0; i < MANY; i++)
		load_and_die();
	ok(pauses(), "many were");
	return done();
}
