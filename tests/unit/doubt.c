/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recovery of a transaction over two files, from journals made by hand: `lead` is the coordinator, `other` its companion, whose
 * record is prepared.  Whatever is recovered first, and whatever has been lost or moved.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "journal.h"
#include "journal_head.h"
#include "journal_lock.h"
#include "log.h"
#include "restore.h"
#include "roster.h"
#include "sys.h"
#include "tap.h"

static char folder[] = "/tmp/bigfile-doubt-XXXXXX";

struct file {
	char path[300];
	char journal[400];
	struct journal j;
};

static struct file lead, other;

static void name(struct file *f, const char *where, const char *what)
{
	snprintf(f->path, sizeof f->path, "%s/%s%s", folder, where, what);
	journal_path_of(f->path, NULL, f->journal, sizeof f->journal);
}

static void start(struct file *f, const char *what)
{
	struct stat st;
	int fd;

	name(f, "", what);
	unlink(f->journal);
	fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	sys_pwrite_all(fd, "old", 3, 0);
	close(fd);
	stat(f->path, &st);
	if (journal_open_locked(f->journal, &st, true, &fd) || journal_init(&f->j, fd, f->journal, &st, true, JOURNAL_DATA))
		printf("not ok - journal\n");
}

static bool is(const struct file *f, const char *text)
{
	char got[16] = "";
	int fd = open(f->path, O_RDONLY);
	ssize_t n = read(fd, got, sizeof got - 1);

	close(fd);
	return n == 3 && !strcmp(got, text);
}

static int recovered(const struct file *f, enum recover_mode mode)
{
	struct recovery r;

	return restore_file(f->path, mode, &r);
}

static enum journal_state look(const struct file *f)
{
	struct recovery r;

	return restore_file(f->path, RECOVER_LOOK, &r) ? JOURNAL_NONE : r.state;
}

static const struct journal_sealing sealing = { 77, UINT64_MAX, 3, false };

/* One transaction over both, up to where the records are prepared, or to the commit. */
static void transact(const char *text, bool committed)
{
	char reference[1000];
	struct journal_reference *ref = (void *)reference;
	size_t n;

	ref->salt = lead.j.header.salt;
	ref->seq = lead.j.tail.seq;
	ref->journal_length = (uint32_t)strlen(lead.journal) + 1;
	ref->file_length = (uint32_t)strlen(lead.path) + 1;
	n = sizeof *ref;
	memcpy(reference + n, lead.journal, ref->journal_length);
	n += ref->journal_length;
	memcpy(reference + n, lead.path, ref->file_length);
	n += ref->file_length;
	journal_begin(&other.j);
	journal_put(&other.j, 0, text, 3);
	if (journal_prepare(&other.j, &sealing, ref, n) || journal_sync(&other.j))
		printf("not ok - prepare\n");
	journal_accept(&other.j);
	journal_begin(&lead.j);
	journal_put(&lead.j, 0, text, 3);
	if (committed && journal_seal(&lead.j, &sealing))
		printf("not ok - seal\n");
}

/* The files of the transaction, with what a crash left after the records were prepared, or after the commit. */
static void crash(bool committed)
{
	start(&lead, "lead");
	start(&other, "other");
	roster_add(&lead.j, other.j.header.salt, other.journal, other.path);
	journal_sync(&lead.j);
	transact("new", committed);
}

static void let_go(void)
{
	journal_close(&lead.j);
	journal_close(&other.j);
}

static bool both(const char *text)
{
	return is(&lead, text) && is(&other, text) && access(lead.journal, F_OK) && access(other.journal, F_OK);
}

static void any_order(void)
{
	for (int committed = 0; committed < 2; committed++) {
		for (int first = 0; first < 2; first++) {
			crash(committed);
			let_go();
			is_int(look(&other), committed ? JOURNAL_PENDING : JOURNAL_EMPTY, "looking asks the coordinator");
			is_int(recovered(first ? &lead : &other, RECOVER_REDO), 0, "one is recovered");
			is_int(recovered(first ? &other : &lead, RECOVER_REDO), 0, "then the other one");
			ok(both(committed ? "new" : "old"), committed ? "both are new" : "both are old");
		}
	}
}

static void evidence(void)
{
	struct stat st = { .st_size = 3 };

	crash(true);
	journal_trim(&lead.j, lead.j.tail);
	let_go();
	is_int(recovered(&other, RECOVER_REDO), 0, "the coordinator has come farther:");
	ok(is(&other, "new"), "committed");
	recovered(&lead, RECOVER_REDO);
	crash(true);
	stat(other.path, &st);
	journal_note(&other.j, other.j.tail.seq - 2, other.j.tail.seq - 1, &st);
	let_go();
	unlink(lead.journal);
	is_int(recovered(&other, RECOVER_REDO), 0, "applying had begun: nobody need be asked");
	ok(is(&other, "new"), "committed");
	crash(true);
	journal_begin(&other.j);
	journal_put(&other.j, 0, "xyz", 3);
	journal_seal(&other.j, &(struct journal_sealing){ 78, UINT64_MAX, 3, false });
	let_go();
	unlink(lead.journal);
	is_int(recovered(&other, RECOVER_REDO), 0, "a later record: nobody need be asked");
	ok(is(&other, "xyz"), "both are redone");
}

static void lost(void)
{
	for (int force = 0; force < 2; force++) {
		crash(true);
		let_go();
		unlink(lead.journal);
		is_int(look(&other), JOURNAL_DOUBT, "without the coordinator's journal it is in doubt");
		is_int(recovered(&other, RECOVER_REDO), -ESTALE, "and refused");
		ok(is(&other, "old") && !access(other.journal, F_OK), "nothing is done");
		is_int(recovered(&other, force ? RECOVER_FORCE : RECOVER_DISCARD), 0, "until somebody decides");
		ok(is(&other, force ? "new" : "old") && access(other.journal, F_OK), force ? "for it" : "against it");
	}
	crash(false);
	let_go();
	start(&lead, "lead");
	let_go();
	is_int(recovered(&other, RECOVER_REDO), -ESTALE, "another journal of that name cannot tell");
	unlink(other.journal);
	crash(true);
	let_go();
	truncate(lead.journal, JOURNAL_DATA + 50);
	truncate(lead.journal, 64 << 10);
	is_int(recovered(&other, RECOVER_REDO), 0, "a record that was cut off was never durable");
	ok(is(&other, "old"), "so it was not committed");
}

static void damaged(void)
{
	struct stat st;

	crash(true);
	stat(lead.path, &st);
	journal_note(&lead.j, lead.j.tail.seq - 1, lead.j.tail.seq - 1, &st);
	sys_pwrite_all(lead.j.fd, "X", 1, lead.j.start + 90);
	let_go();
	is_int(recovered(&other, RECOVER_REDO), -ESTALE, "a journal that is damaged cannot tell");
	is_int(recovered(&lead, RECOVER_DISCARD), -EBADMSG, "nor can it be thrown away before that");
	is_int(recovered(&other, RECOVER_FORCE), 0, "somebody says it");
	is_int(recovered(&lead, RECOVER_DISCARD), 0, "and then it can");
	ok(is(&other, "new") && is(&lead, "old"), "as was said");
}

static void moved(void)
{
	struct file away;
	char command[2000];

	name(&away, "sub/", "other");
	snprintf(command, sizeof command, "%s/sub", folder);
	mkdir(command, 0700);
	crash(true);
	let_go();
	snprintf(command, sizeof command, "%s/x.bigfile-journal", folder);
	rename(lead.journal, command);
	is_int(recovered(&other, RECOVER_REDO), 0, "the coordinator's journal is found by another name");
	ok(is(&other, "new"), "and asked");
	unlink(command);
	for (int committed = 0; committed < 2; committed++) {
		crash(committed);
		let_go();
		rename(other.path, away.path);
		rename(other.journal, away.journal);
		is_int(recovered(&lead, RECOVER_REDO), 0, "recovered while its companion is elsewhere");
		ok(access(lead.journal, F_OK) && is(&lead, committed ? "new" : "old"), "it has no journal any more");
		is_int(recovered(&away, RECOVER_REDO), 0, "the companion finds what was kept");
		ok(is(&away, committed ? "new" : "old"), "and agrees");
		snprintf(command, sizeof command, "test $(ls %s | wc -l) = 2", folder);
		is_int(system(command), 0, "then nothing is kept any more");
	}
	unlink(away.path);
	crash(true);
	let_go();
	recovered(&other, RECOVER_REDO);
	unlink(other.path);
	recovered(&lead, RECOVER_REDO);
	snprintf(command, sizeof command, "test \"$(cd %s; echo *)\" = 'lead sub'", folder);
	is_int(system(command), 0, "a companion that was recovered and deleted is not waited for");
}

static void busy(void)
{
	crash(true);
	journal_close(&other.j);
	is_int(recovered(&other, RECOVER_REDO), -EBUSY, "somebody has the coordinator's journal");
	journal_note(&lead.j, lead.j.tail.seq - 2, lead.j.tail.seq - 1, NULL);
	is_int(recovered(&other, RECOVER_REDO), 0, "which does not matter once it has begun to apply");
	let_go();
	crash(false);
	journal_close(&lead.j);
	is_int(recovered(&lead, RECOVER_REDO), -EBUSY, "somebody has a companion's journal");
	let_go();
	is_int(recovered(&lead, RECOVER_REDO), 0, "not any more");
}

/* That the first was applied is not on the disk.  Taking the second back must not leave the first in doubt for ever. */
static void second(void)
{
	for (int first = 0; first < 2; first++) {
		crash(true);
		transact("xyz", false);
		let_go();
		is_int(recovered(first ? &lead : &other, RECOVER_REDO), 0, "one committed, one prepared: one file is recovered");
		is_int(recovered(first ? &other : &lead, RECOVER_REDO), 0, "then the other one");
		ok(both("new"), "both are as the first left them");
	}
	crash(true);
	transact("xyz", false);
	journal_close(&other.j);
	is_int(recovered(&other, RECOVER_REDO), -EBUSY, "the coordinator's journal is held");
	let_go();
	recovered(&lead, RECOVER_REDO);
	is_int(look(&other), JOURNAL_PENDING, "recovered, it leaves a companion without doubts");
	recovered(&other, RECOVER_REDO);
}

/* That it is in no doubt may be known to the page cache alone. */
static void released(void)
{
	ino_t log, others;

	crash(true);
	journal_note(&other.j, other.j.tail.seq - 2, other.j.tail.seq - 1, NULL);
	let_go();
	log = calls_inode(lead.journal);
	others = calls_inode(other.journal);
	calls_forget();
	recovered(&lead, RECOVER_REDO);
	ok(calls_first(CALL_SYNC, others) < calls_first(CALL_DELETE, log), "a companion's journal is durable before its coordinator's goes");
	recovered(&other, RECOVER_REDO);
}

static void give(const struct file *f, uid_t owner)
{
	if (chown(f->path, owner, owner) || chown(f->journal, owner, owner))
		printf("not ok - chown\n");
}

/* Made by somebody who has read the others' journals, to decide about one of them. */
static void forge(struct file *thief)
{
	start(thief, "thief");
	thief->j.header.salt = lead.j.header.salt;
	journal_write_both(thief->j.fd, &thief->j.header);
	roster_add(&thief->j, other.j.header.salt, other.journal, other.path);
	journal_close(&thief->j);
}

static void owners(void)
{
	static struct file thief;

	if (geteuid()) {
		for (int i = 0; i < 8; i++)
			ok(true, "skipped: giving files away needs root # SKIP");
		return;
	}
	for (int own = 0; own < 2; own++) {
		crash(true);
		forge(&thief);
		let_go();
		give(&lead, 1001);
		give(&other, 1002);
		give(&thief, own ? 1002 : 1003);
		is_int(recovered(&thief, RECOVER_REDO), own ? 0 : -EPERM,
		       own ? "one of the same owner may decide" : "a journal does not decide about somebody else's file");
		is_int(recovered(&other, RECOVER_REDO), 0, "which asks the one that it names");
		ok(is(&other, own ? "old" : "new"), own ? "and that was its own doing" : "and is told that it was committed");
		is_int(recovered(&lead, RECOVER_REDO), 0, "that one is recovered too, whoever owns them");
		unlink(thief.journal);
		unlink(thief.path);
	}
}

int main(void)
{
	char command[400];

	plan(74);
	log_set_level(LOG_QUIET);
	if (!mkdtemp(folder))
		return 1;
	any_order();
	evidence();
	lost();
	damaged();
	moved();
	busy();
	second();
	released();
	owners();
	snprintf(command, sizeof command, "rm -r %s", folder);
	system(command);
	return done();
}
