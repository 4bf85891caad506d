/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a program with SIGSEGV and SIGUSR1 handlers, masks and an alternate stack of its own, which must
 * work as without Bigfile while stores into its window are served.  Prints one line for each thing that works.
 *
 *   signals FILE
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <unistd.h>

static char *map;
static sigjmp_buf back;
static volatile char *volatile nowhere = (volatile char *)8;
static volatile int segv, usr1, stack_was_mine, at;
static char *stack_low;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	char here;

	segv++;
	stack_was_mine = &here >= stack_low && &here < stack_low + 65536;
	map[3 * 4096] = 'h'; /* a store into a clean page, inside the program's own handler */
	siglongjmp(back, 1);
}

static void on_usr1(int sig)
{
	usr1++;
	map[4 * 4096] = 'u';
}

static void on_alarm(int sig)
{
	map[(20 + at) * 4096] = 'w';
}

static void say(int good, const char *what)
{
	printf("%s %s\n", good ? "ok" : "BAD", what);
}

static void own_segv(void)
{
	struct sigaction act, old;

	memset(&act, 0, sizeof act);
	act.sa_sigaction = on_segv;
	act.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigfillset(&act.sa_mask);
	sigaction(SIGSEGV, &act, &old);
	say(old.sa_handler == SIG_DFL, "the old action is the default");
	sigaction(SIGSEGV, NULL, &old);
	say(old.sa_sigaction == on_segv && (old.sa_flags & SA_ONSTACK), "the new one is reported");
	map[0] = 'a';
	say(segv == 0, "a store into the window is not the program's fault");
	if (!sigsetjmp(back, 1))
		*nowhere = 0;
	say(segv == 1, "its own fault is");
	say(map[3 * 4096] == 'h', "its handler may store");
	if (!sigsetjmp(back, 1))
		*nowhere = 0;
	say(segv == 2, "twice");
}

static void masks(void)
{
	sigset_t all, before, now;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	map[1 * 4096] = 'b';
	sigprocmask(SIG_BLOCK, NULL, &now);
	say(sigismember(&now, SIGSEGV) && sigismember(&now, SIGTERM), "all signals look blocked");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	sigprocmask(SIG_BLOCK, NULL, &now);
	say(!sigismember(&now, SIGSEGV), "and open again");
}

/* What waits has its own mask meanwhile: all but the signal, which has come already. */
static void waits(int way, const char *what)
{
	sigset_t one, before, mask;
	struct epoll_event event;
	int poll_fd = epoll_create1(0);
	struct sigaction act;

	at = way;
	memset(&act, 0, sizeof act);
	act.sa_handler = on_alarm;
	sigaction(SIGALRM, &act, NULL);
	sigemptyset(&one);
	sigaddset(&one, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &one, &before);
	raise(SIGALRM);
	sigfillset(&mask);
	sigdelset(&mask, SIGALRM);
	if (way == 0)
		sigsuspend(&mask);
	else if (way == 1)
		ppoll(NULL, 0, NULL, &mask);
	else if (way == 2)
		pselect(0, NULL, NULL, NULL, NULL, &mask);
	else
		epoll_pwait(poll_fd, &event, 1, -1, &mask);
	close(poll_fd);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	say(map[(20 + way) * 4096] == 'w', what);
}

static void own_usr1(void)
{
	struct sigaction act, old;

	memset(&act, 0, sizeof act);
	act.sa_handler = on_usr1;
	sigfillset(&act.sa_mask);
	sigaction(SIGUSR1, &act, &old);
	say(old.sa_handler == SIG_DFL, "SIGUSR1 looked free");
	raise(SIGUSR1);
	say(usr1 == 1 && map[4 * 4096] == 'u', "and is the program's now, with every signal masked");
	say(signal(SIGUSR1, SIG_DFL) == on_usr1, "signal() tells the handler");
	raise(SIGUSR1);
	say(usr1 == 1, "given back, it is Bigfile's again");
}

static void stack_in_window(void)
{
	stack_t st, old;

	memset(&st, 0, sizeof st);
	st.ss_sp = map + 8 * 4096;
	st.ss_size = 32768;
	sigaltstack(&st, NULL);
	sigaltstack(NULL, &old);
	say(old.ss_sp == st.ss_sp && old.ss_size == st.ss_size, "an alternate stack in the window is reported as set");
	if (!sigsetjmp(back, 1))
		*nowhere = 0;
	say(segv == 3, "and a fault on it is handled");
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR);

	map = mmap(NULL, 32 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	own_segv();
	masks();
	own_usr1();
	waits(0, "a handler stores while sigsuspend has all else blocked");
	waits(1, "and ppoll");
	waits(2, "and pselect");
	waits(3, "and epoll_pwait");
	stack_in_window();
	return 0;
}
