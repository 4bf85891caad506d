/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a program of many threads that is run under Bigfile and shaken; race.c starts it, racer.h says what it keeps true.
 *
 *   racer PART SEED MS A B [PLUGIN]     descriptor COMMON_FD: struct common
 *
 * Parts: those of race.c.  It ends after about MS milliseconds, in one of the ways there are; the part ending always by an exit while
 * threads store and commit.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "racer.h"

static uint64_t seeds;
static pthread_t threads[16];
static int thread_count;
static uint64_t ending_random;

uint64_t new_seed(void)
{
	return scatter(__atomic_add_fetch(&seeds, 0x51ed2701, __ATOMIC_SEQ_CST));
}

static void start(void *(*fn)(void *), void *arg)
{
	if (pthread_create(&threads[thread_count++], NULL, fn, arg))
		complain("no thread");
}

static void writer(int w)
{
	start(write_steps, (void *)(intptr_t)w);
}

/* A second process holds the file too, for a moment or to the end. */
static void have_it_shared(bool to_the_end)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		complain("fork: %m");
	if (pid == 0) {
		while (to_the_end && getppid() == parent)
			usleep(1000);
		_exit(0);
	}
	if (!to_the_end && waitpid(pid, NULL, 0) != pid && errno != EINTR)
		complain("waitpid: %m");
}

static void start_part(const char *part, char *plugin, uint64_t *random)
{
	bool second = !strcmp(part, "second");
	int first = second ? 3 : 0;

	writer(first);
	if (strcmp(part, "plugin"))
		writer(first + 1);
	start(commit_now_and_then, NULL);
	if (chance(random) % 2 && !getenv("SHAKE_SANITIZER"))
		start(commit_by_signal, NULL);
	if (gated && !second)
		start(abort_now_and_then, NULL);
	if (chance(random) % 3)
		start(scratch, NULL);
	if (!strcmp(part, "calls")) {
		start(append, NULL);
		start(map_and_unmap, chance(random) % 2 ? "" : NULL);
		start(open_and_close, NULL);
	} else if (!strcmp(part, "fork")) {
		start(fork_children, (void *)2);
		start(fork_children, (void *)3);
	} else if (!strcmp(part, "signals")) {
		start(change_handlers, (void *)threads[0]);
		start(change_handlers, (void *)threads[1]);
	} else if (!strcmp(part, "plugin")) {
		start(use_plugin, plugin);
		start(use_plugin, plugin);
	} else if (!strcmp(part, "ending")) {
		start(commit_now_and_then, NULL);
		start(commit_now_and_then, NULL);
	}
}

static void rest(void)
{
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	for (int w = 0; w < WRITERS; w++)
		common->last[w] = *cell_of(base, w, CELLS - 1);
	common->at_rest = true;
}

static void *exit_from_thread(void *arg)
{
	if (chance(&ending_random) % 2)
		exit(0);
	_exit(0);
}

/* Of more processes than one, those that go on must find the gate as before: this one may not leave with it in hand. */
static void end(bool alone, bool by_exit)
{
	static const int exits[] = { 2, 3, 4, 8, 9 };
	uint64_t way = chance(&ending_random) % (alone ? 10 : 2);

	if (by_exit)
		way = (uint64_t)exits[chance(&ending_random) % (sizeof exits / sizeof *exits)];

	if (way < 2) {
		rest();
		__atomic_store_n(&common->ending, true, __ATOMIC_SEQ_CST);
		exit(way ? 0 : (int)(chance(&ending_random) % 2));
	}
	__atomic_store_n(&common->ending, true, __ATOMIC_SEQ_CST);
	switch (way) {
	case 2:
		exit(0);
	case 3:
		_exit(0);
	case 4:
		quick_exit(0);
	case 5:
		kill(getpid(), SIGKILL);
		break;
	case 6:
		kill(getpid(), SIGTERM);
		break;
	case 7:
		abort();
	case 8:
		start(exit_from_thread, NULL);
		exit(0);
	default:
		start(exit_from_thread, NULL);
		pthread_exit(NULL);
	}
	for (;;)
		pause();
}

/*
 * A sanitizer looks for names when it has something to say, by calls of libc's which are Bigfile's here: in the engine's own thread they fail,
 * and then it has no names from there on, nor knows what is suppressed.  So it does that while all is quiet.
 */
__attribute__((weak)) void __sanitizer_symbolize_pc(void *pc, const char *format, char *to, size_t size);

static void have_names(void)
{
	char text[200];

	if (__sanitizer_symbolize_pc)
		__sanitizer_symbolize_pc((void *)new_seed, "%f", text, sizeof text);
}

int main(int argc, char **argv)
{
	uint64_t random = seeds = scatter(strtoull(argv[2], NULL, 10));
	bool joins = !strcmp(argv[1], "first") || !strcmp(argv[1], "second"), ends = !strcmp(argv[1], "ending"), shared;
	long ms = strtol(argv[3], NULL, 10);
	char why[200];

	common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED, COMMON_FD, 0);
	if (common == MAP_FAILED)
		return perror("common"), 2;
	common->programs[__atomic_fetch_add(&common->program_count, 1, __ATOMIC_SEQ_CST) % 16] = (uint32_t)getpid();
	ending_random = chance(&random);
	gated = strcmp(argv[1], "signals") && !ends && (joins || chance(&random) % 2);
	shared = !joins && chance(&random) % 3 == 0;
	have_names();
	open_files(argv + 4);
	if (!joins && !state_is_good(base, 0, common->floor, why, sizeof why))
		complain("at the start: %s", why);
	start_part(argv[1], argv[6], &random);
	/* While they store. */
	if (shared)
		have_it_shared(chance(&random) % 2);
	for (; ms > 0 && going_on(); ms--)
		usleep(1000);
	end(!joins && !(gated && !strcmp(argv[1], "fork")), ends);
}
