/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: recovery of a file whose journal, and those of two files beside it, come from a fuzzer (libFuzzer).
 *
 * Each input is one recovery, forced or not, or a look, or what a session does whose participant died; many say of a call on the
 * way that it fails, or is the last one.  What must hold:
 *  - no crash, no endless loop, no memory asked for because a journal says so, no descriptor left open;
 *  - who only looks changes nothing; who refuses leaves the file as it was;
 *  - what is written lies where a whole record of that file's journal says, and nowhere else;
 *  - the other files are not touched, whatever the journals say about them;
 *  - a recovery that failed, or was cut short, is completed by the next one: to the same file as if nothing had happened.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_image.h"
#include "journal_lock.h"
#include "log.h"
#include "memfs.h"
#include "must.h"
#include "restore.h"
#include "sys.h"

void arena_die(void);
static struct images all;
static struct allowed allowed;
static uint8_t before[FILE_SIZE];

struct outcome {
	int err;
	struct recovery report;
	uint64_t size;
	bool beyond;
	uint8_t bytes[MEMFS_ROOM];
};

static void start(void)
{
	strcpy(all.folder, MEMFS_FOLDER);
	memset(before, 'b', sizeof before);
	log_set_level(LOG_QUIET);
	for (int i = 0; i < IMAGES; i++) {
		snprintf(all.files[i], sizeof all.files[i], "%s/data%d", all.folder, i);
		must(!journal_path_of(all.files[i], NULL, all.names[i], sizeof all.names[i]));
		all.inodes[i] = 100 + (unsigned)i;
	}
	for (unsigned i = 0; i < sizeof all.boot_id; i++)
		all.boot_id[i] = (uint8_t)i;
}

/* The files first, so that they have the inodes that the journals tell of. */
static void prepare(void)
{
	memfs_clear();
	for (int i = 0; i < IMAGES; i++)
		memfs_put(all.files[i], before, FILE_SIZE, FILE_MTIME);
	for (int i = 0; i < IMAGES; i++) {
		if (all.journals[i].exists)
			memfs_put(all.names[i], all.journals[i].bytes, all.journals[i].length, FILE_MTIME);
	}
}

static int recover_in_session(struct recovery *r)
{
	int err, jfd = sys_open(all.names[0], O_RDWR, 0), fd = sys_open(all.files[0], O_RDWR, 0);

	err = jfd < 0 ? jfd : fd < 0 ? fd : recover_opened(jfd, all.names[0], fd, all.files[0], RECOVER_REST, r);
	if (jfd >= 0)
		sys_close(jfd);
	if (fd >= 0)
		sys_close(fd);
	return err;
}

static void recover(enum recover_mode mode, struct outcome *o)
{
	const struct memfs_file *f = memfs_find(all.files[0]);

	memset(&o->report, 0, sizeof o->report);
	o->err = mode == RECOVER_REST ? recover_in_session(&o->report) : restore_file(all.files[0], mode, &o->report);
	must(!memfs_left_open());
	o->size = f->size;
	o->beyond = f->beyond;
	memcpy(o->bytes, f->bytes, sizeof o->bytes);
}

static bool is_as_before(const char *path)
{
	const struct memfs_file *f = memfs_find(path);

	return f && f->size == FILE_SIZE && !memcmp(before, f->bytes, FILE_SIZE) && !f->beyond;
}

static bool journal_is(const char *path, const struct image *image)
{
	const struct memfs_file *f = memfs_find(path);

	if (!image->exists)
		return !f;
	return f && f->size == image->length && !memcmp(f->bytes, image->bytes, image->length);
}

static void check_what_was_written(const char *path)
{
	const struct memfs_file *f = memfs_find(path);

	must(allowed.any);
	must(!f->beyond || allowed.anything_beyond);
	for (uint32_t i = 0; i < MEMFS_ROOM; i++) {
		uint8_t old = i < FILE_SIZE ? before[i] : 0;

		must(f->bytes[i] == old || allowed.bytes[i] || (f->bytes[i] == 0 && i >= allowed.cut));
	}
}

static bool must_not_write(enum journal_state state, bool forced)
{
	if (state == JOURNAL_CORRUPT || state == JOURNAL_FOREIGN || state == JOURNAL_STRANGER)
		return !forced;
	return state != JOURNAL_PENDING && state != JOURNAL_DOUBT;
}

/* refused: before anything was to be written, and not by the world around. */
static void check(const struct outcome *o, enum recover_mode mode, bool refused)
{
	bool changed = !is_as_before(all.files[0]);

	if (refused || mode == RECOVER_LOOK || mode == RECOVER_DISCARD || must_not_write(o->report.state, mode == RECOVER_FORCE))
		must(!changed);
	if (changed)
		check_what_was_written(all.files[0]);
	for (int i = 0; i < IMAGES; i++) {
		must(i == 0 || is_as_before(all.files[i]));
		if (mode == RECOVER_LOOK)
			must(journal_is(all.names[i], &all.journals[i]));
	}
}

static bool is_same_file(const struct outcome *a, const struct outcome *b)
{
	return a->size == b->size && !memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* The same, with a call that fails or is the last one; then once more, without. */
static void recover_badly(enum recover_mode mode, uint32_t n, int error, bool half, const struct outcome *whole)
{
	static struct outcome bad, again;
	static jmp_buf end;

	prepare();
	memfs_arm(n, error, half, &end);
	if (!setjmp(end)) {
		recover(mode, &bad);
		if (!memfs_fired() || bad.err == 0) {
			memfs_arm(0, 0, false, NULL);
			must(memfs_fired() || is_same_file(&bad, whole));
			return;
		}
		check(&bad, mode, false);
	} else {
		memfs_die();
		arena_die();
	}
	memfs_arm(0, 0, false, NULL);
	recover(mode, &again);
	if (!is_same_file(&again, whole))
		fprintf(stderr, "call %u: error %d; first %d, %s, size %lu; then %d, %s, size %lu, instead of %s, size %lu\n", n, error, bad.err,
			journal_state_name(bad.report.state), bad.size, again.err, journal_state_name(again.report.state), again.size,
			journal_state_name(whole->report.state), whole->size);
	must(is_same_file(&again, whole));
}

static bool is_worth_a_fault(enum recover_mode mode, const struct outcome *whole)
{
	return whole->err == 0 && (mode == RECOVER_REDO || mode == RECOVER_REST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum recover_mode modes[] = { RECOVER_REDO, RECOVER_LOOK, RECOVER_FORCE, RECOVER_DISCARD, RECOVER_REST };
	static const int errors[] = { 0, EIO, ENOSPC, ENOMEM, EINTR, EDQUOT };
	static struct outcome whole;
	struct input in = { data, size };
	uint8_t how = input_byte(&in), when = input_byte(&in);
	enum recover_mode mode = modes[how % 5];

	if (!*all.folder)
		start();
	images_build(&all, &in);
	images_allow(&all.journals[0], &allowed);
	prepare();
	recover(mode, &whole);
	check(&whole, mode, whole.err != 0 && !whole.report.redone);
	if (when && is_worth_a_fault(mode, &whole))
		recover_badly(mode, when, errors[how / 5 % 6], how >= 128, &whole);
	return 0;
}
