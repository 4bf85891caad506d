/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: records what a worker under Bigfile does to its files, then crashes it at every call: killed, or the power cut.
 *
 *   cuts PART SEED FOLDER SAMPLES DEEP STEP TRACKER WORKER LIBRARY AGAIN
 *
 * AGAIN: so many times the worker is killed somewhere, goes on in another process, and is crashed there at every call.
 * FOLDER is ours, in memory.  SAMPLES, DEEP, STEP: explore.h.  The last line is "= tried ..."; see README.md.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explore.h"
#include "record.h"

static struct watch watch;
static char **words;

static void report(struct explore *x, const char *text)
{
	printf("lost: seed %s: %s, %s: %s\n  repeat: tests/crash/cuts --only '^%s$' --seed %s\n", words[2], words[1], words[7], text,
	       words[1], words[2]);
}

static char *text_of(const char *format, const char *a, const char *b)
{
	char *t;

	if (asprintf(&t, format, a, b) < 0)
		abort();
	return t;
}

static int record(const struct plan_part *part, const char *folder, const char *journals, const char *from)
{
	char *arguments[8 + PLAN_FILES] = { words[8], "run", words[1], words[2], (char *)from }, count[16];
	char *environment[] = {
		text_of("LD_PRELOAD=%s%s", words[9], ""), text_of("BIGFILE_PATHS=%s/f[0-9]*:%s/f[0-9]*", folder, journals),
		text_of("BIGFILE_TRACKER=%s%s", words[7], ""), text_of("XDG_RUNTIME_DIR=%s%s", words[3], ""),
		text_of("BIGFILE_WAIT=%s%s", "120", ""),
		part->journal_dir ? text_of("BIGFILE_JOURNAL_DIR=%s%s", journals, "") : NULL, NULL,
	};
	unsigned n = 5;
	int status;

	snprintf(count, sizeof count, "%u", part->transactions);
	arguments[n++] = count;
	for (unsigned i = 0; i < part->files; i++) {
		char name[16];

		snprintf(name, sizeof name, "/f%u", i);
		arguments[n++] = text_of("%s%s", watch_folder_of(&watch, i), name);
	}
	status = record_program(&watch, arguments, environment, part->transactions);
	if (status)
		printf("lost: seed %s: %s, %s: the worker ended with status %d\n", words[2], words[1], words[7], status);
	return status;
}

static void set_aside(struct trace *t)
{
	*t = watch.trace;
	watch.trace = (struct trace){ .nodes = watch.nodes };
}

static char *folder, *journals;

/* After a kill another process takes the files up: it recovers them first, in the way that programs do. */
static int once_more(struct explore *x, const struct plan_part *part, const struct trace *first, const struct state *base)
{
	size_t at = 1 + chance_below(&x->random, first->count - 1);
	struct trace whole = { 0 };
	struct disk d = { 0 };
	struct state s;
	int status;

	state_copy(&d.durable, base);
	for (size_t i = 0; i < at; i++)
		disk_take(&d, first, i);
	disk_crash(&d, first, CRASH_KILL, &x->random, &s);
	watch_resume(&watch, &s);
	status = record(part, folder, journals, "-1");
	inside_reboot();
	trace_join(&whole, first, at, &watch.trace);
	/* The events stay where they are; what is recorded from here on goes elsewhere. */
	watch.trace = (struct trace){ 0 };
	if (!status)
		explore_trace(x, &whole, base, at);
	free(whole.events);
	state_free(&s);
	disk_free(&d);
	return status;
}

int main(int argc, char **argv)
{
	const struct plan_part *part = argc == 11 ? plan_part(argv[1]) : NULL;
	struct explore x = { .watch = &watch, .report = report };
	struct trace trace;
	struct state base;
	struct plan plan;
	int status;

	if (!part)
		return fputs("see the head of cuts.c\n", stderr), 2;
	words = argv;
	folder = text_of("%s/%s", argv[3], "d");
	journals = text_of("%s/%s", argv[3], "j");
	x.random = strtoull(argv[2], NULL, 10);
	plan_start(&plan, part, x.random);
	watch_start(&watch, &plan, folder, part->journal_dir || part->apart ? journals : NULL);
	watch_base(&watch, &base);
	status = record(part, folder, journals, "0");
	x.samples = (unsigned)atoi(argv[4]);
	x.deep = (unsigned)atoi(argv[5]);
	x.step = (unsigned)atoi(argv[6]);
	x.may_leave = part->renames;
	oracle_start(&x.oracle, &plan, part->transactions);
	set_aside(&trace);
	if (getenv("CRASH_TRACE")) {
		for (size_t i = 0; i < trace.count; i++)
			trace_print(&trace, i);
	}
	inside_start(&watch, argv[3], part->journal_dir ? journals : NULL);
	explore_trace(&x, &trace, &base, 0);
	for (int k = 0; k < atoi(argv[10]) && !status; k++)
		status = once_more(&x, part, &trace, &base);
	printf("= tried %lu survived %lu lost %lu %s, %s: %zu events\n", x.tried + 1, x.tried + !status - x.lost,
	       x.lost + (status != 0), argv[1], argv[7], trace.count);
	return x.lost || status;
}
