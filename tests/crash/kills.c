/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: runs a worker under Bigfile again and again, and kills it before or after one system call after the other: of any of its
 * threads, from the first to the last; all its processes, or one of two while the other one goes on.  Then recovery: by the engine in this
 * process, by the tool, by a program that opens the files - and before that, most times, one by the tool that is killed too.
 *
 *   kills PART SEED FOLDER TRANSACTIONS STEP VICTIM TRACKER WORKER LIBRARY BIGFILE
 *
 * VICTIM: all, 0 (the process that was started) or 1 (its child); with a t behind the number only at the calls by which it takes its turn and
 * gives it away, which is when half a transaction is there; with a c only at those that write and sync, which is when it commits, and the
 * other one has to complete that.  The last line is "= tried ..."; see README.md.
 */
#include <ctype.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside.h"
#include "oracle.h"
#include "tracer.h"

static struct watch watch;
static struct oracle oracle;
static const struct plan_part *part;
static char **words;
static uint64_t randomness;
static char *environment[7], *output;
static unsigned long tried, lost;

struct killing {
	long wanted, count; /* points: before and after each call */
	int victim;         /* -1: all */
	char calls;         /* t, c: only at those; 0: at all */
	pid_t child;        /* the second process that was seen */
	bool done;
	unsigned acked;
	uint64_t number;    /* of the call */
};

static char *text_of(const char *format, const char *a)
{
	char *t;

	if (asprintf(&t, format, a) < 0)
		abort();
	return t;
}

static bool is_of_commit(uint64_t number)
{
	return number == SYS_pwrite64 || number == SYS_fdatasync || number == SYS_io_submit || number == SYS_io_getevents;
}

static bool is_victim(struct tracer *t, struct killing *k, const struct call *c)
{
	if (c->process != t->first && !k->child)
		k->child = c->process;
	if (k->victim < 0)
		return true;
	if (k->calls == 'c' && !is_of_commit(c->number))
		return false;
	if (k->calls == 't' && ((c->number != SYS_read && c->number != SYS_write) || c->args[2] != 1))
		return false;
	return c->process == (k->victim ? k->child : t->first);
}

static bool point(struct tracer *t, struct call *c)
{
	struct killing *k = t->arg;

	if (k->done || !is_victim(t, k, c) || ++k->count != k->wanted)
		return true;
	k->done = true;
	k->number = c->number;
	if (k->victim < 0)
		return false;
	kill(c->process, SIGKILL);
	return true;
}

static bool entered(struct tracer *t, struct call *c)
{
	struct killing *k = t->arg;
	char text[16] = "";
	size_t n = c->args[2] < sizeof text - 1 ? c->args[2] : sizeof text - 1;

	if (c->number == SYS_write && c->args[0] == 1 && tracer_read(c->thread, c->args[1], text, n) && isdigit(text[0]))
		k->acked = (unsigned)strtoul(text, NULL, 10);
	return point(t, c);
}

static void fail(const struct killing *k, const char *what)
{
	char line[300];
	FILE *f = fopen(output, "r");

	if (++lost > 5)
		return;
	printf("lost: seed %s: %s, %s, victim %s, at point %ld (call %lu): %s\n  repeat: tests/crash/kills --only '^%s$' --seed %s\n", words[2],
	       words[1], words[7], words[6], k->wanted, (unsigned long)k->number, what, words[1], words[2]);
	while (f && fgets(line, sizeof line, f))
		printf("# %s", line);
	if (f)
		fclose(f);
	if (inside.said[0])
		printf("# recovery said: %s", inside.said);
}

static char **file_arguments(char **arguments, unsigned n)
{
	for (unsigned i = 0; i < watch.files; i++) {
		if (asprintf(&arguments[n++], "%s/f%u", watch_folder_of(&watch, i), i) < 0)
			abort();
	}
	arguments[n] = NULL;
	return arguments;
}

/* Runs the tool on all files, killed at one of its calls, or not. */
static void tool_recovers(long kill_at)
{
	char *arguments[3 + PLAN_FILES] = { words[10], (char *)"recover" };
	struct killing k = { .wanted = kill_at, .victim = -1 };
	struct tracer t = { .entered = point, .arg = &k, .output = "/dev/null" };

	tracer_run(&t, file_arguments(arguments, 2), environment + 1);
}

static void program_recovers(void)
{
	char *arguments[5 + PLAN_FILES] = { words[8], (char *)"check", words[1], words[2] };
	struct tracer t = { .output = "/dev/null" };

	tracer_run(&t, file_arguments(arguments, 4), environment);
}

static void recover_and_check(const struct killing *k)
{
	char text[512];
	int result;

	/* From the first look at a journal to the end of a recovery of one file it makes some hundred calls, most while it starts. */
	if (chance_below(&randomness, 3))
		tool_recovers(1 + (long)chance_below(&randomness, 500));
	switch (chance_below(&randomness, 4)) {
	case 0:
		tool_recovers(0);
		break;
	case 1:
		program_recovers();
		break;
	}
	result = inside_recover((unsigned)chance_below(&randomness, watch.files));
	tried++;
	if (result) {
		snprintf(text, sizeof text, "%u acknowledged, recovery failed (%s)", k->acked, strerror(-result));
		fail(k, text);
	} else if (oracle_objects(&oracle, &watch, k->acked, part->renames, text, sizeof text)) {
		fail(k, text);
	}
}

/* False: it came to its end before the point. */
static bool kill_at(long wanted, const struct state *base)
{
	char *arguments[7 + PLAN_FILES] = { words[8], (char *)"run", words[1], words[2], (char *)"0", words[4] };
	struct killing k = { .wanted = wanted, .victim = strcmp(words[6], "all") ? atoi(words[6]) : -1 };
	struct tracer t = { .entered = entered, .left = point, .arg = &k, .output = output };
	int status;

	k.calls = k.victim < 0 ? 0 : words[6][1];
	watch_place(&watch, base);
	/* The worker sees those that were made anew as they are. */
	for (unsigned i = 0; i < watch.files; i++)
		watch.watched[i].shown = watch.watched[i].inode;
	alarm(300);
	status = tracer_run(&t, file_arguments(arguments, 6), environment);
	if (!k.done) {
		k.acked = oracle.count - 1;
		if (status)
			fail(&k, "the worker failed");
	} else if (k.victim == 1 && status) {
		fail(&k, "the one that was left failed");
	}
	recover_and_check(&k);
	alarm(0);
	return k.done;
}

static void set_environment(const char *journals)
{
	char **e = environment;

	*e++ = text_of("LD_PRELOAD=%s", words[9]);
	*e++ = text_of(part->apart ? "BIGFILE_PATHS=%s/" : "BIGFILE_PATHS=%s/d/f[0-9]*", words[3]);
	*e++ = text_of("BIGFILE_TRACKER=%s", words[7]);
	*e++ = text_of("XDG_RUNTIME_DIR=%s", words[3]);
	*e++ = text_of("BIGFILE_WAIT=%s", "120");
	if (part->journal_dir)
		*e++ = text_of("BIGFILE_JOURNAL_DIR=%s", journals);
}

int main(int argc, char **argv)
{
	struct state base;
	struct plan plan;
	char *folder, *journals;
	long step;

	part = argc == 11 ? plan_part(argv[1]) : NULL;
	if (!part)
		return fputs("see the head of kills.c\n", stderr), 2;
	words = argv;
	folder = text_of("%s/d", argv[3]);
	journals = text_of("%s/j", argv[3]);
	output = text_of("%s/output", argv[3]);
	randomness = strtoull(argv[2], NULL, 10);
	step = atol(argv[5]);
	set_environment(journals);
	plan_start(&plan, part, randomness);
	watch_start(&watch, &plan, folder, part->journal_dir || part->apart ? journals : NULL);
	watch_base(&watch, &base);
	oracle_start(&oracle, &plan, (unsigned)atoi(argv[4]));
	inside_start(&watch, argv[3], part->journal_dir ? journals : NULL);
	for (long at = 1 + (long)chance_below(&randomness, (uint64_t)step); kill_at(at, &base);)
		at += 1 + (long)chance_below(&randomness, (uint64_t)(2 * step - 1));
	printf("= tried %lu survived %lu lost %lu %s, %s, victim %s\n", tried, tried > lost ? tried - lost : 0, lost, argv[1], argv[7], argv[6]);
	return lost != 0;
}
