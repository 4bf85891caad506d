/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See inside.h. */
#include "inside.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "restore.h"

#define BOOTS 4
#define GRACE_MS 500
#define GRACE_STEP_MS 10

struct inside inside;
static char shown[BOOTS][2][4096]; /* files for boot_id and stat */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static int node_of(int fd, struct stat *st)
{
	return fstat(fd, st) ? -1 : watch_node(inside.watch, st->st_ino);
}

static void note_bytes(const long *a, long result)
{
	struct stat st;
	int node = node_of((int)a[0], &st);

	if (node >= 0)
		trace_add(&inside.watch->trace, (struct event){ .kind = EVENT_WRITE, .node = (unsigned)node, .offset = (size_t)a[3],
								.bytes = (uint8_t *)a[1], .length = (size_t)result,
								.modified = st.st_mtim });
}

static void note_sync(int fd)
{
	struct trace *t = &inside.watch->trace;
	struct stat st;
	int node = node_of(fd, &st), folder = watch_folder(inside.watch, st.st_ino);

	if (node >= 0)
		trace_add(t, (struct event){ .kind = EVENT_SYNC, .node = (unsigned)node, .covers = t->count });
	else if (folder >= 0)
		trace_add(t, (struct event){ .kind = EVENT_SYNC_FOLDER, .folder = (unsigned)folder, .covers = t->count });
}

static void note_name(enum event_kind kind, const char *path, const char *to)
{
	const char *name, *other = NULL;
	int folder = watch_split(inside.watch, path, &name);

	if (to && watch_split(inside.watch, to, &other) != folder)
		errx(3, "a rename from one folder to another is not foreseen");
	if (folder >= 0)
		trace_add(&inside.watch->trace, (struct event){ .kind = kind, .folder = (unsigned)folder, .name = (char *)name,
								.other = (char *)other });
}

static void note_open(const char *path, int fd)
{
	struct stat st;
	const char *name;
	int folder = watch_split(inside.watch, path, &name);

	if (folder < 0 || node_of(fd, &st) >= 0 || !S_ISREG(st.st_mode))
		return;
	trace_add(&inside.watch->trace, (struct event){ .kind = EVENT_NAME, .node = watch_new(inside.watch, st.st_ino),
							.folder = (unsigned)folder, .name = (char *)name });
}

static void note(long number, const long *a, long result)
{
	struct stat st;
	int node;

	switch (number) {
	case SYS_pwrite64:
		note_bytes(a, result);
		break;
	case SYS_ftruncate:
		node = node_of((int)a[0], &st);
		if (node >= 0)
			trace_add(&inside.watch->trace, (struct event){ .kind = EVENT_SIZE, .node = (unsigned)node,
									.offset = (size_t)a[1], .modified = st.st_mtim });
		break;
	case SYS_fsync:
	case SYS_fdatasync:
		note_sync((int)a[0]);
		break;
	case SYS_unlinkat:
		note_name(EVENT_UNNAME, (const char *)a[1], NULL);
		break;
	case SYS_renameat2:
		note_name(EVENT_RENAME, (const char *)a[1], (const char *)a[3]);
		break;
	case SYS_openat:
		if (a[2] & O_CREAT)
			note_open((const char *)a[1], (int)result);
		break;
	}
}

static void hear(const char *text, size_t n)
{
	size_t used = strlen(inside.said);

	if (n > sizeof inside.said - 1 - used)
		n = sizeof inside.said - 1 - used;
	memcpy(inside.said + used, text, n);
	inside.said[used + n] = '\0';
}

/* What lies on a disk again after a power cut was not changed since the machine started; and it is the file that it was. */
static void show(struct stat *st)
{
	int node = watch_node(inside.watch, st->st_ino);

	if (node < 0 || !inside.watch->watched[node].shown)
		return;
	st->st_ino = inside.watch->watched[node].shown;
	if (inside.boot && st->st_ctim.tv_sec == inside.watch->watched[node].changed.tv_sec &&
	    st->st_ctim.tv_nsec == inside.watch->watched[node].changed.tv_nsec)
		st->st_ctim = st->st_mtim;
}

long __wrap_syscall(long number, ...)
{
	long a[6], result;
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_write && a[0] == 2) {
		hear((const char *)a[1], (size_t)a[2]);
		return a[2];
	}
	inside.calls++;
	if (inside.kill_at && inside.calls == inside.kill_at)
		_exit(INSIDE_KILLED);
	if (number == SYS_openat && !strcmp((const char *)a[1], "/proc/sys/kernel/random/boot_id"))
		a[1] = (long)shown[inside.boot][0];
	else if (number == SYS_openat && !strcmp((const char *)a[1], "/proc/stat") && inside.boot)
		a[1] = (long)shown[inside.boot][1];
	/* In memory there is nothing to be synced. */
	if (number == SYS_fsync || number == SYS_fdatasync)
		result = 0;
	else
		result = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (result >= 0 && inside.recording)
		note(number, a, result);
	if (result >= 0 && number == SYS_newfstatat)
		show((struct stat *)a[2]);
	return result;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		err(3, "%s", path);
}

void inside_reboot(void)
{
	char text[64];

	inside.boot = 1;
	inside.boot_time = time(NULL);
	snprintf(text, sizeof text, "cpu\nbtime %lld\n", (long long)inside.boot_time);
	for (int i = 0; i < BOOTS; i++)
		put(shown[i][1], text);
}

void inside_start(struct watch *w, const char *folder, const char *journal_dir)
{
	char id[64] = "";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

	if (!f || !fgets(id, sizeof id, f))
		err(3, "boot_id");
	fclose(f);
	memset(&inside, 0, sizeof inside);
	inside.watch = w;
	for (int i = 0; i < BOOTS; i++) {
		snprintf(shown[i][0], sizeof shown[i][0], "%s/boot_id.%d", folder, i);
		snprintf(shown[i][1], sizeof shown[i][1], "%s/stat.%d", folder, i);
		put(shown[i][0], id);
		id[0] = id[0] == 'f' ? '0' : 'f';
		id[1] = "0123"[i];
	}
	inside_reboot();
	inside.boot = 0;
	config.journal_dir = journal_dir;
	config.durable = true;
	log_set_level(LOG_INFO);
}

static int recover_one(unsigned i, const char *suffix)
{
	static struct recovery report;
	char path[4096];
	struct stat st;
	int result;

	snprintf(path, sizeof path, "%s/f%u%s", watch_folder_of(inside.watch, i), i, suffix);
	if (lstat(path, &st) && !inside.watch->unlinks)
		return 0;
	result = restore_file(path, RECOVER_REDO, &report);
	if (result == -ENOENT && inside.watch->unlinks)
		return 0;
	if (result)
		recover_explain(path, &report, result);
	return result;
}

static int recover_all(unsigned first)
{
	unsigned files = inside.watch->files;

	inside.said[0] = '\0';
	inside.calls = 0;
	/* The journal of one that has gone is dropped with the next use of its name, once it is in no doubt. */
	for (unsigned k = 0; k < files * (inside.watch->unlinks ? 2 : 1); k++) {
		unsigned i = (first + k) % files;
		int result = recover_one(i, "");

		if (!result)
			result = recover_one(i, ".old");
		if (result)
			return result;
	}
	return 0;
}

/*
 * Who was killed a moment ago may still have a journal's lock: the kernel holds its descriptors while it syncs for it, or while somebody looks at
 * them.  That passes, and is no loss; one that stays for half a second is.
 */
int inside_recover(unsigned first)
{
	int result = recover_all(first);

	for (unsigned waited = 0; result == -EBUSY && waited < GRACE_MS; waited += GRACE_STEP_MS) {
		usleep(GRACE_STEP_MS * 1000);
		result = recover_all(first);
	}
	return result;
}
