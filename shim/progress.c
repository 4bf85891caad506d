/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See progress.h.  What the kernel has yet to write of a file, cachestat tells (Linux 6.5); without it there is a time, and no estimate. */
#include "progress.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "fmt.h"
#include "log.h"
#include "page.h"
#include "sys.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif
#define SECOND UINT64_C(1000000000)
#define TICK (SECOND / 5)
#define ERASE "\r\033[K"
#define NAME_LEAST 24 /* columns; the sizes go first */

struct step {
	int fd;
	const char *what; /* NULL: nothing is under way */
	uint64_t began;
};

static struct step now, outer;
static uint64_t next;
static bool shown;

void progress_begin(int fd, const char *what)
{
	outer = now;
	now = (struct step){ fd, what, sys_now_ns(CLOCK_MONOTONIC) };
	if (outer.what)
		return;
	next = now.began + SECOND;
	shown = false;
}

void progress_end(void)
{
	now = outer;
	outer.what = NULL;
	if (!now.what && shown)
		log_to_terminal(ERASE, strlen(ERASE));
}

/* "1.2 GiB" */
static void put_size(char *out, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	unsigned unit = 0;

	for (bytes = bytes * 10 / 1024; bytes >= 10240 && unit < 3; bytes /= 1024)
		unit++;
	fmt_print(out, size, "%lu.%lu %s", bytes / 10, bytes % 10, units[unit]);
}

static size_t put_state(char *out, size_t size, uint64_t done, uint64_t all, uint64_t ns, bool brief)
{
	char some[32], whole[32];
	uint64_t left = done ? (uint64_t)((double)ns / (double)done * (double)(all - done)) : 0;
	size_t n = fmt_print(out, size, " %s: ", now.what);

	if (!all)
		return n + fmt_print(out + n, size - n, "%lu s", ns / SECOND);
	put_size(some, sizeof some, done);
	put_size(whole, sizeof whole, all);
	n += fmt_print(out + n, size - n, "%lu %%", (uint64_t)((double)done * 100 / (double)all));
	if (!brief)
		n += fmt_print(out + n, size - n, ", %s of %s", some, whole);
	return done ? n + fmt_print(out + n, size - n, ", %lu s left", (left + SECOND / 2) / SECOND) : n;
}

static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* As much of the end of a name as there is room for, on one line. */
static const char *name_for(char *name, size_t room)
{
	size_t n = strlen(name), cut = n > room ? n - room + 3 : 0;

	for (char *c = name; *c; c++)
		*c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
	if (!cut)
		return name;
	while (is_inside_character(name[cut]))
		cut++;
	return cut > n ? "" : memcpy(name + cut - 3, "...", 3);
}

static void name_of(int fd, char *name, size_t size)
{
	char link[64];
	ssize_t n;

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", fd);
	n = sys_readlink(link, name, size - 1);
	name[n < 0 ? 0 : n] = '\0';
}

void progress_show(uint64_t done, uint64_t all)
{
	char name[PATH_MAX], state[128], line[PATH_MAX + 160];
	uint64_t time = now.what ? sys_now_ns(CLOCK_MONOTONIC) : 0;
	unsigned columns;
	size_t n;

	if (!now.what || time < next)
		return;
	next = time + TICK;
	columns = log_terminal_columns();
	if (!columns)
		return;
	n = put_state(state, sizeof state, min_u64(done, all), all, time - now.began, false);
	if (n + NAME_LEAST > columns)
		n = put_state(state, sizeof state, min_u64(done, all), all, time - now.began, true);
	name_of(now.fd, name, sizeof name);
	n = fmt_print(line, sizeof line, ERASE "%s%s", name_for(name, columns > n + 4 ? columns - n - 1 : 3), state);
	log_to_terminal(line, n);
	shown = true;
}

/* Of the file, in bytes.  False: the kernel does not tell. */
static bool yet_to_write(int fd, uint64_t *bytes)
{
	struct { uint64_t offset, length; } all = { 0, 0 };
	struct { uint64_t cached, dirty, writeback, evicted, recently; } pages;

	if (sys_call(SYS_cachestat, fd, &all, &pages, 0))
		return false;
	*bytes = (pages.dirty + pages.writeback) * page_size();
	return true;
}

struct job {
	int fd;
	long call;
	int result;
	uint32_t done;
};

static void *run(void *arg)
{
	struct job *j = arg;

	j->result = (int)sys_call(j->call, j->fd);
	__atomic_store_n(&j->done, 1, __ATOMIC_RELEASE);
	sys_futex_wake(&j->done, 1);
	return NULL;
}

void progress_wait(int fd, const uint32_t *done)
{
	struct timespec tick = { 0, (long)TICK };
	uint64_t all = 0, left = 0;
	bool known = log_terminal_columns() && yet_to_write(fd, &all);

	progress_begin(fd, "is being written to the disk");
	while (!__atomic_load_n(done, __ATOMIC_ACQUIRE)) {
		sys_futex_wait((uint32_t *)done, 0, &tick);
		known = known && yet_to_write(fd, &left);
		progress_show(known ? all - min_u64(left, all) : 0, known ? all : 0);
	}
	progress_end();
}

/* In a thread of its own, which has our descriptors, so that this one can look on. */
static int sync_by(int fd, long call)
{
	struct job job = { fd, call, 0, 0 };
	pthread_attr_t attributes;
	pthread_t thread;
	uint64_t bytes;
	int failed;

	if (!log_terminal_columns() || (yet_to_write(fd, &bytes) && bytes < PROGRESS_LITTLE))
		return (int)sys_call(call, fd);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 1 << 20);
	failed = pthread_create(&thread, &attributes, run, &job);
	pthread_attr_destroy(&attributes);
	if (failed)
		return (int)sys_call(call, fd);
	progress_wait(fd, &job.done);
	pthread_join(thread, NULL);
	return job.result;
}

int progress_fdatasync(int fd)
{
	return sync_by(fd, SYS_fdatasync);
}

int progress_fsync(int fd)
{
	return sync_by(fd, SYS_fsync);
}
