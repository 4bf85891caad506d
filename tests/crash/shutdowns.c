/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: shuts a mounted file system down under a worker, without its log, before each of the worker's syncs and at calls by chance:
 * what is not on the disk is lost, as in a power cut.  Single pages are sent to the disk before, as the kernel may at any time.  Then the
 * file system is mounted again, the engine recovers in this process, which takes it for another boot, and the oracle looks.
 *
 *   shutdowns PART SEED FOLDER TYPE SIZE SAMPLES TRANSACTIONS TRACKER WORKER LIBRARY
 *
 * FOLDER: base.img, with the files as they are before the first transaction; m, where it is mounted.  SAMPLES: shutdowns at each sync.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image.h"
#include "inside.h"
#include "oracle.h"
#include "tracer.h"

static struct image disk;
static struct watch watch;
static struct oracle oracle;
static struct plan plan;
static size_t disk_size;
static uint64_t randomness;
static unsigned long tried, lost;
static char **words, *mounted, *folder, *output, *environment[6];

struct point {
	long wanted, count;
	bool any; /* call; else only syncs */
	bool done;
	unsigned acked;
	uint64_t number;
};

static char *text_of(const char *format, const char *a)
{
	char *t;

	if (asprintf(&t, format, a) < 0)
		abort();
	return t;
}

static void write_back(void)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC);
		struct stat st;

		for (off_t at = 0; fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && at < st.st_size; at += 4096) {
			if (chance_below(&randomness, 2))
				sync_file_range(fd, at, 4096,
						SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
		}
		if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
}

/* EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN */
static void shut_down(void)
{
	uint32_t without_its_log = 2;
	int fd = open(mounted, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, _IOR('X', 125, uint32_t), &without_its_log))
		err(3, "shutting down %s", mounted);
	close(fd);
}

static bool entered(struct tracer *t, struct call *c)
{
	struct point *p = t->arg;
	char text[16] = "";
	size_t n = c->args[2] < sizeof text - 1 ? c->args[2] : sizeof text - 1;
	bool syncs = c->number == SYS_fsync || c->number == SYS_fdatasync || c->number == SYS_io_submit;

	if (c->number == SYS_write && c->args[0] == 1 && tracer_read(c->thread, c->args[1], text, n) && isdigit(text[0]))
		p->acked = (unsigned)strtoul(text, NULL, 10);
	if ((!p->any && !syncs) || ++p->count != p->wanted)
		return true;
	p->done = true;
	p->number = c->number;
	if (chance_below(&randomness, 4))
		write_back();
	shut_down();
	return false;
}

static void fail(const struct point *p, const char *what)
{
	if (++lost > 5)
		return;
	printf("lost: seed %s: %s on %s, %s, shut down at %s %ld (call %lu): %s%s%s\n  repeat: tests/crash/shutdowns --only '^%s$' --seed %s\n",
	       words[2], words[1], words[4], words[8], p->any ? "call" : "sync", p->wanted, (unsigned long)p->number, what,
	       inside.said[0] ? "; the engine said: " : "", inside.said, words[4], words[2]);
}

static void check(const struct point *p)
{
	char text[512];
	int result;

	watch_open(&watch, &plan, folder, NULL);
	inside_reboot();
	result = inside_recover((unsigned)chance_below(&randomness, watch.files));
	tried++;
	if (result) {
		snprintf(text, sizeof text, "%u acknowledged, recovery failed (%s)", p->acked, strerror(-result));
		fail(p, text);
	} else if (oracle_objects(&oracle, &watch, p->acked, plan.part->renames, text, sizeof text)) {
		fail(p, text);
	}
	watch_end(&watch);
}

static void mount_it(int fd)
{
	int result = image_mount(fd, disk_size, words[4], mounted);

	if (result)
		errx(3, "%s: %s", mounted, strerror(-result));
}

static void unmount_it(void)
{
	int result = image_unmount(mounted);

	if (result)
		errx(3, "%s: %s", mounted, strerror(-result));
}

/* False: the worker came to its end before. */
static bool shut_down_at(long wanted, bool any)
{
	char *arguments[7 + PLAN_FILES] = { words[9], (char *)"run", words[1], words[2], (char *)"0", words[7] };
	struct point p = { .wanted = wanted, .any = any };
	struct tracer t = { .entered = entered, .arg = &p, .output = output };
	int fd = image_put(&disk), status;

	alarm(300);
	mount_it(fd);
	for (unsigned i = 0; i < plan.part->files; i++) {
		if (asprintf(&arguments[6 + i], "%s/f%u", folder, i) < 0)
			abort();
	}
	status = tracer_run(&t, arguments, environment);
	unmount_it();
	if (!p.done) {
		p.acked = oracle.count - 1;
		if (status)
			fail(&p, "the worker failed");
	}
	mount_it(fd);
	check(&p);
	unmount_it();
	close(fd);
	alarm(0);
	return p.done;
}

int main(int argc, char **argv)
{
	const struct plan_part *part = argc == 11 ? plan_part(argv[1]) : NULL;
	long calls = 0;

	if (!part)
		return fputs("see the head of shutdowns.c\n", stderr), 2;
	words = argv;
	randomness = strtoull(argv[2], NULL, 10);
	disk_size = strtoull(argv[5], NULL, 10);
	mounted = text_of("%s/m", argv[3]);
	folder = text_of("%s/d", mounted);
	output = text_of("%s/output", argv[3]);
	environment[0] = text_of("LD_PRELOAD=%s", argv[10]);
	environment[1] = text_of("BIGFILE_PATHS=%s/f[0-9]*", folder);
	environment[2] = text_of("BIGFILE_TRACKER=%s", argv[8]);
	environment[3] = text_of("XDG_RUNTIME_DIR=%s", argv[3]);
	environment[4] = text_of("BIGFILE_WAIT=%s", "120");
	plan_start(&plan, part, randomness);
	oracle_start(&oracle, &plan, (unsigned)atoi(argv[7]));
	image_read(&disk, text_of("%s/base.img", argv[3]), disk_size);
	inside_start(&watch, argv[3], NULL);
	for (bool more = true; more;) {
		calls++;
		for (int k = 0; k < atoi(argv[6]) && more; k++)
			more = shut_down_at(calls, false);
	}
	for (int k = 0; k < atoi(argv[6]) * 4; k++)
		shut_down_at(1 + (long)chance_below(&randomness, 600), true);
	printf("= tried %lu survived %lu lost %lu %s on %s, %s\n", tried, tried > lost ? tried - lost : 0, lost, argv[1], argv[4], argv[8]);
	return lost != 0;
}
