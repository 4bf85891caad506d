/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads of a racer that have children, change handlers, and load a library and throw it out: racer.h. */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "racer.h"

/* Takes part in the transaction, as writer w, and leaves it in one way or the other. */
static void be_child(int w, uint64_t random)
{
	for (uint64_t n = chance(&random) % 30; n && going_on(); n--) {
		take_step(w, &random);
		if (chance(&random) % 8 == 0 && !commit_somehow(&random))
			failed("commit in a child");
	}
	switch (chance(&random) % 5) {
	case 0:
		kill(getpid(), SIGKILL);
		break;
	case 1:
		_exit(1);
	}
	_exit(0);
}

/* arg: the writer that its children are, one after the other. */
void *fork_children(void *arg)
{
	uint64_t random = new_seed();

	while (going_on()) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			be_child((int)(intptr_t)arg, random);
		if (pid < 0)
			failed("fork");
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGKILL : WEXITSTATUS(status) > 1)
			complain("a child ended with status 0x%x", status);
		chance(&random);
		usleep((unsigned)(chance(&random) % 3000));
	}
	return NULL;
}

static uint64_t handler_random;

/* Comes at any moment of its thread, in the middle of a step of another writer too. */
static void on_signal(int sig)
{
	uint64_t at = SCRATCH + chance(&handler_random) % (SCRATCH_SIZE - 8);
	int saved = errno;

	*(volatile char *)(base[at % 2] + at) = (char)sig;
	if (at % 3 == 0 && pwrite(fds[at % 2], &at, sizeof at, (off_t)at) != sizeof at)
		failed("pwrite in a handler");
	errno = saved;
}

static void on_fault(int sig)
{
	complain("signal %d reached the program", sig);
}

/* arg: a thread to be sent signals. */
void *change_handlers(void *arg)
{
	static const int signals[] = { SIGWINCH, SIGSEGV, SIGBUS, SIGALRM };
	uint64_t random = handler_random = new_seed();

	while (going_on()) {
		int sig = signals[chance(&random) % 4];
		struct sigaction act = { .sa_handler = sig == SIGSEGV || sig == SIGBUS ? on_fault : on_signal, .sa_flags = SA_RESTART };

		if (sigaction(sig, &act, NULL))
			failed("sigaction");
		sig = chance(&random) % 2 ? SIGWINCH : SIGALRM;
		act.sa_handler = on_signal;
		sigaction(sig, &act, NULL);
		pthread_kill(chance(&random) % 2 ? (pthread_t)arg : pthread_self(), sig);
		usleep((unsigned)(chance(&random) % 300));
	}
	return NULL;
}

/* arg: the library, which uses the files, in windows of its own, and goes without a word. */
void *use_plugin(void *arg)
{
	uint64_t random = new_seed();

	while (going_on()) {
		void *library = dlopen(arg, RTLD_NOW | RTLD_LOCAL);
		const char *(*use)(const char *, uint64_t);

		*(void **)&use = library ? dlsym(library, "plugin_use") : NULL;
		if (!use) {
			complain("%s", dlerror());
			break;
		}
		for (uint64_t n = chance(&random) % 4; n; n--) {
			const char *what = use(names[n % 2], chance(&random));

			if (what)
				failed(what);
		}
		dlclose(library);
	}
	return NULL;
}
