/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A checkpoint makes room, also where the one before it has emptied the journal and no commit has come since. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "checkpoint.h"
#include "sys.h"
#include "tap.h"

static char path[] = "/tmp/bigfile-journal-XXXXXX", file[] = "/tmp/bigfile-file-XXXXXX";
static char block[1 << 20];
static struct view v;

static int commit(size_t mebibytes)
{
	int err = journal_begin(&v.journal);

	for (size_t i = 0; i < mebibytes && !err; i++)
		err = journal_put(&v.journal, i * sizeof block, block, sizeof block);
	return err ? err : journal_seal(&v.journal, &(struct journal_sealing){ 1, UINT64_MAX, sizeof block, false });
}

/* The end of the log lies before its durable head, with 12 MiB in between. */
static void wrap(void)
{
	for (int i = 0; i < 12; i++)
		commit(1);
	journal_trim(&v.journal, v.journal.tail);
	commit(0);
	commit(1);
	ok(v.journal.tail.offset < v.journal.free_limit, "the log goes on at the start");
}

int main(void)
{
	struct stat st = { .st_ino = 7, .st_size = 100 };

	plan(6);
	v.mode = VIEW_WRITING;
	v.path = file;
	v.fd = mkstemp(file);
	is_int(journal_init(&v.journal, mkstemp(path), path, &st, true, JOURNAL_DATA), 0, "a new journal");
	wrap();
	is_int(commit(13), -EAGAIN, "a record finds no room");
	/* As one in the background ends. */
	journal_trim(&v.journal, v.journal.tail);
	is_int(commit(13), -EAGAIN, "nor does it before the empty head is durable");
	is_int(checkpoint_now(&v), 0, "a checkpoint,");
	is_int(commit(13), 0, "and there is room");
	unlink(path);
	unlink(file);
	return done();
}
