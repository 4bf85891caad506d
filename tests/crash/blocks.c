/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: power cuts of a real file system.  From the log of every write and flush that a disk got (dm-log-writes format) it makes the
 * disk as it may be after a cut: what was flushed, and of the rest all, some, or torn.  The file system is mounted, the engine recovers
 * the files in this process, which takes it for another boot, and the oracle looks.
 *
 *   blocks PART SEED FOLDER TYPE SIZE SAMPLES POINTS TRANSACTIONS TEAR
 *
 * FOLDER: base.img, the disk before; log.img; m, where it is mounted.  SIZE of the file system in bytes; a write of 4096 bytes there is
 * an acknowledgement.  POINTS: entries of the log at which it is cut, at most.  TEAR: bytes that are written as a whole.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "inside.h"
#include "oracle.h"

#define LOG_MAGIC 0x6a736677736872ull
#define SUPER_END 4096

enum { LOG_FLUSH = 1, LOG_FUA = 2, LOG_DISCARD = 4 };

struct log_super {
	uint64_t magic, version, entries;
	uint32_t sector;
};

struct log_entry {
	uint64_t sector, sectors, flags, length;
};

struct entry {
	size_t offset, length;
	uint64_t flags;
	uint8_t *bytes; /* NULL: zeros */
};

static struct entry *entries;
static size_t entry_count, disk_size, tear;
static struct image disk; /* what is durable */
static size_t *pending, pending_count;
static struct watch watch;
static struct oracle oracle;
static struct plan plan;
static uint64_t randomness;
static unsigned long tried, lost, unmountable;
static char **words, *mounted, *folder, *journals;

static void read_log(const char *path)
{
	struct log_super super;
	struct log_entry e;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t at;

	if (fd < 0 || pread(fd, &super, sizeof super, 0) != sizeof super || super.magic != LOG_MAGIC)
		errx(3, "%s: no log", path);
	entry_count = super.entries;
	entries = calloc(entry_count + 1, sizeof *entries);
	at = super.sector;
	for (size_t i = 0; i < entry_count; i++) {
		if (pread(fd, &e, sizeof e, (off_t)at) != sizeof e)
			err(3, "%s", path);
		at += super.sector;
		entries[i] = (struct entry){ e.sector * super.sector, e.sectors * super.sector, e.flags, NULL };
		if ((e.flags & LOG_DISCARD) || !e.sectors)
			continue;
		entries[i].bytes = malloc(entries[i].length);
		if (pread(fd, entries[i].bytes, entries[i].length, (off_t)at) != (ssize_t)entries[i].length)
			err(3, "%s", path);
		at += entries[i].length;
	}
	close(fd);
}

static void put(int fd, const struct entry *e, size_t from, size_t to)
{
	static const uint8_t zeros[1 << 16];

	while (from < to) {
		size_t n = to - from;

		if (!e->bytes && n > sizeof zeros)
			n = sizeof zeros;
		if (pwrite(fd, e->bytes ? e->bytes + from : zeros, n, (off_t)(e->offset + from)) != (ssize_t)n)
			err(3, "disk");
		from += n;
	}
}

/*
 * k 0: all that was written is there, in order; otherwise some, and one of them torn.  Not the first block: the super block of ext4 is two sectors
 * there, with one checksum, and is written past ext4's journal when it is mounted or unmounted.
 */
static int crash(unsigned k)
{
	int fd = image_put(&disk);
	unsigned odds = 1 + (unsigned)chance_below(&randomness, 15);
	size_t torn = pending_count && chance_below(&randomness, 2) ? chance_below(&randomness, pending_count) : SIZE_MAX;

	for (size_t i = 0; i < pending_count; i++) {
		const struct entry *e = &entries[pending[i]];
		size_t cut = chance_below(&randomness, e->length / tear + 1) * tear;

		if (k && chance_below(&randomness, 16) >= odds && i != torn)
			continue;
		if (i == torn && e->offset < SUPER_END)
			torn = SIZE_MAX;
		if (k && i == torn && chance_below(&randomness, 2))
			put(fd, e, 0, cut);
		else
			put(fd, e, k && i == torn ? cut : 0, e->length);
	}
	return fd;
}

static void fail(size_t at, unsigned k, const char *what)
{
	if (++lost > 5)
		return;
	printf("lost: seed %s: %s on %s, cut at entry %zu of %zu, %s: %s%s%s\n  repeat: tests/crash/blocks --only '^%s$' --seed %s\n", words[2],
	       words[1], words[4], at, entry_count, k ? "some writes lost" : "no write lost", what, inside.said[0] ? "; the engine said: " : "",
	       inside.said, words[4], words[2]);
}

static void check(int fd, size_t at, unsigned k, unsigned acked)
{
	char text[512];
	int result = image_mount(fd, disk_size, words[4], mounted);

	tried++;
	inside.said[0] = '\0';
	if (result) {
		unmountable++;
		snprintf(text, sizeof text, "the file system cannot be mounted: %s", strerror(-result));
		fail(at, k, text);
		return;
	}
	watch_open(&watch, &plan, folder, NULL);
	inside_reboot();
	result = inside_recover((unsigned)chance_below(&randomness, watch.files));
	if (result) {
		snprintf(text, sizeof text, "%u acknowledged, recovery failed (%s)", acked, strerror(-result));
		fail(at, k, text);
	} else if (oracle_objects(&oracle, &watch, acked, plan.part->renames, text, sizeof text)) {
		fail(at, k, text);
	}
	watch_end(&watch);
	result = image_unmount(mounted);
	if (result)
		errx(3, "%s: %s", mounted, strerror(-result));
}

static void flush(void)
{
	for (size_t i = 0; i < pending_count; i++)
		image_write(&disk, entries[pending[i]].offset, entries[pending[i]].bytes, entries[pending[i]].length);
	pending_count = 0;
}

static void replay(unsigned samples, size_t points)
{
	size_t step = entry_count > points ? entry_count / points : 1;
	unsigned acked = 0;

	for (size_t i = 0; i < entry_count; i++) {
		const struct entry *e = &entries[i];

		if (e->offset >= disk_size) {
			if (e->bytes)
				acked = (unsigned)strtoul((char *)e->bytes, NULL, 10);
			continue;
		}
		if (e->flags & LOG_FLUSH)
			flush();
		if (e->length && (e->flags & LOG_FUA))
			image_write(&disk, e->offset, e->bytes, e->length);
		else if (e->length)
			pending[pending_count++] = i;
		if (chance_below(&randomness, step))
			continue;
		for (unsigned k = 0; k <= (pending_count ? samples : 0); k++) {
			int fd = crash(k);

			alarm(300);
			check(fd, i, k, acked);
			close(fd);
		}
	}
	alarm(0);
}

static char *below(const char *path, const char *name)
{
	char *t;

	if (asprintf(&t, "%s/%s", path, name) < 0)
		abort();
	return t;
}

int main(int argc, char **argv)
{
	const struct plan_part *part = argc == 10 ? plan_part(argv[1]) : NULL;

	if (!part)
		return fputs("see the head of blocks.c\n", stderr), 2;
	words = argv;
	randomness = strtoull(argv[2], NULL, 10);
	disk_size = strtoull(argv[5], NULL, 10);
	tear = strtoull(argv[9], NULL, 10);
	mounted = below(argv[3], "m");
	folder = below(mounted, "d");
	journals = below(mounted, "j");
	plan_start(&plan, part, randomness);
	oracle_start(&oracle, &plan, (unsigned)atoi(argv[8]));
	image_read(&disk, below(argv[3], "base.img"), disk_size);
	read_log(below(argv[3], "log.img"));
	pending = calloc(entry_count + 1, sizeof *pending);
	inside_start(&watch, argv[3], NULL);
	replay((unsigned)atoi(argv[6]), strtoull(argv[7], NULL, 10));
	printf("= tried %lu survived %lu lost %lu %s on %s: %zu entries\n", tried, tried - lost, lost, argv[1], argv[4], entry_count);
	return lost != 0;
}
