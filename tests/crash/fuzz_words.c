/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: texts that the engine reads, from a fuzzer (libFuzzer): the environment and its patterns, /proc/PID/stat, the boot's
 * identity and time.
 *
 * What must hold: no crash, no endless loop, no undefined behaviour; each setting is one that the rest of the engine can work with; a
 * path that matches never fails the quick test that comes before.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "config.h"
#include "journal_lock.h"
#include "marks.h"
#include "must.h"
#include "proc.h"

#define TEXT_FD 777

void arena_die(void);
static const char *text;
static size_t text_left;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* The engine's lines go nowhere; every file is the text. */
long __wrap_syscall(long number, ...)
{
	long a[5];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 5; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	switch (number) {
	case SYS_write:
		must(strnlen((const char *)a[1], (size_t)a[2]) == (size_t)a[2]);
		return a[2];
	case SYS_openat:
		return TEXT_FD;
	case SYS_read:
		a[2] = (size_t)a[2] < text_left ? a[2] : (long)text_left;
		memcpy((void *)a[1], text, (size_t)a[2]);
		text += a[2];
		text_left -= (size_t)a[2];
		return a[2];
	case SYS_close:
	case SYS_kill:
		return 0;
	default:
		return __real_syscall(number, a[0], a[1], a[2], a[3], a[4]);
	}
}

static bool is_a_usable_signal(int n)
{
	return n >= 0 && n <= SIGRTMAX && n != SIGKILL && n != SIGSTOP && (n < 32 || n >= SIGRTMIN);
}

static void check_settings(void)
{
	must(!config.journal_dir || config.journal_dir[0] == '/');
	must(is_a_usable_signal(config.commit_signal) && is_a_usable_signal(config.abort_signal));
	must(config.wait_ms <= INT_MAX && config.interval_ms <= INT_MAX);
	must(config.memory <= INT64_MAX);
}

static void environment(char *words)
{
	static const char *const names[] = { "BIGFILE_PATHS", "BIGFILE_LOG", "BIGFILE_JOURNAL_DIR", "BIGFILE_SYNC", "BIGFILE_EXIT",
					     "BIGFILE_TRACKER", "BIGFILE_VIEW", "BIGFILE_MEMORY", "BIGFILE_WAIT", "BIGFILE_INTERVAL",
					     "BIGFILE_COMMIT_SIGNAL", "BIGFILE_ABORT_SIGNAL" };
	const char *path;

	/* First a path to be looked up. */
	path = strsep(&words, "\n");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = words ? strsep(&words, "\n") : NULL;

		if (value)
			setenv(names[i], value, 1);
		else
			unsetenv(names[i]);
	}
	config_load();
	if (config.paths)
		check_settings();
	if (config.paths && !marks_load(config.paths, "/some/folder") && marks_match(path))
		must(marks_may_match(path));
	arena_die();
	marks_load(NULL, "/");
}

static void with_text(const char *from, size_t length, int what)
{
	uint8_t id[16];

	text = from;
	text_left = length;
	switch (what) {
	case 0:
		proc_start_time(5);
		break;
	case 1:
		proc_is_alive(5, 77);
		break;
	case 2:
		proc_thread_runs(5);
		break;
	case 3:
		proc_is_stopped(5);
		break;
	case 4:
		boot_id_read(id);
		break;
	case 5:
		boot_time_read();
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words;

	if (!size)
		return 0;
	words = malloc(size);
	memcpy(words, data + 1, size - 1);
	words[size - 1] = '\0';
	if (data[0] & 1)
		environment(words);
	else
		with_text(words, size - 1, data[0] >> 1 & 7);
	free(words);
	return 0;
}
