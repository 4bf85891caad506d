/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See restore.h.
 *
 * Who has a file aside holds the lock of its journal, which is found by the name aside or, while one of the two is being renamed, by
 * the old name.  A journal that moves while we look from one to the other is looked for again.
 *
 * A crash after any line leaves what was there before, or the file under its old name, or no file: doc/design.md.
 */
#include "restore.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "aside.h"
#include "config.h"
#include "fmt.h"
#include "journal_lock.h"
#include "journal_scan.h"
#include "network.h"
#include "pathroom.h"
#include "reopen.h"
#include "retire.h"
#include "sys.h"

#define NOTHING 1

struct restoring {
	enum recover_mode mode;
	struct stat file;
	int fd;       /* of it */
	bool removed; /* its deletion was committed */
	enum aside_name name_is;
	char name[PATH_MAX];
	char aside[PATH_MAX];
	char name_journal[PATH_MAX];
	char aside_journal[PATH_MAX];
};

/* The name may be nobody's: then its folder is. */
int restore_resolve(const char *path, char *name)
{
	char folder[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!realpath(path, real)) {
		if (errno != ENOENT)
			return -errno;
		fmt_print(folder, sizeof folder, "%s", slash ? path : ".");
		if (slash)
			folder[slash == path ? 1 : slash - path] = '\0';
		if (!realpath(folder, name))
			return -errno;
		if (fmt_print(real, sizeof real, "%s/%s", strcmp(name, "/") ? name : "", slash ? slash + 1 : path) + 1 >= sizeof real)
			return -ENAMETOOLONG;
	}
	if (!aside_original(real, name, PATH_MAX))
		memcpy(name, real, PATH_MAX);
	return 0;
}

static int find_paths(struct restoring *r, const char *path)
{
	int err = restore_resolve(path, r->name);

	if (!err)
		err = aside_path_of(r->name, r->aside, sizeof r->aside);
	if (!err)
		err = journal_path_of(r->name, config.journal_dir, r->name_journal, PATH_MAX);
	if (!err)
		err = journal_path_of(r->aside, config.journal_dir, r->aside_journal, PATH_MAX);
	return err;
}

static bool exists(const char *path)
{
	struct stat st;

	return !sys_lstat(path, &st);
}

static void tell(const struct restoring *r, struct recovery *report)
{
	if (report->state != JOURNAL_NONE && report->state != JOURNAL_EMPTY && report->state != JOURNAL_PENDING)
		return;
	report->state = JOURNAL_UNLINKED;
	report->removed = r->removed;
	fmt_print(report->reason, sizeof report->reason, "%s", r->removed ? "its deletion was committed" :
		  "it was deleted in a transaction that did not end");
}

/* Of the journal jfd of a file that is gone: does it hold nothing else than that? */
static int is_spent(int jfd, bool *spent, bool *blank)
{
	struct journal_chain chain = { 0 };
	struct journal_header h;
	enum journal_find found;
	struct stat st;
	int err = sys_fstat(jfd, &st);

	*spent = false;
	/* It says nothing: a network file system keeps it, or a crash has. */
	*blank = !err && !st.st_size;
	if (err || *blank)
		return err;
	err = journal_read_header(jfd, &h, &found);
	if (!err && found == FOUND_HEADER)
		err = journal_scan(jfd, &h, &chain);
	*spent = !err && (found == FOUND_HEADER || found == FOUND_NOTHING) && !chain.doubtful && !chain.gap && !chain.newer &&
		 (!chain.records || chain.removed);
	return err;
}

/* Whose journal is believed where its file is gone: one's own.  Root clears up for others, too: the owner of the folder might delete it anyway. */
static uid_t heir_of(const char *name)
{
	char folder[PATH_MAX];
	struct stat st;

	if (geteuid())
		return geteuid();
	fmt_print(folder, sizeof folder, "%s", name);
	strrchr(folder, '/')[1] = '\0';
	return sys_stat(folder, &st) ? 0 : st.st_uid;
}

/* The file is gone, but for its journal, which says no more than that, or nothing, as a crash may have left it.  NOTHING: no such thing. */
static int finish_removal(struct restoring *r, const char *journal, struct recovery *report)
{
	struct stat ours = { .st_uid = heir_of(r->name) };
	bool looks = r->mode == RECOVER_LOOK, busy = false, spent = false, blank = false;
	int jfd, err = looks ? journal_open_unlocked(journal, &ours, &jfd, &busy) : journal_open_locked(journal, &ours, false, &jfd);

	if (err == -EBUSY) {
		report->state = JOURNAL_BUSY;
		fmt_print(report->reason, sizeof report->reason, "the file is gone, and a living process holds its journal");
	}
	if (err)
		return NOTHING;
	err = is_spent(jfd, &spent, &blank);
	blank = blank && network_kind_of(jfd) == NETWORK_NONE;
	if (!err && (spent || blank) && !busy && !looks)
		err = retire_journal(jfd, journal, &ours);
	sys_close(jfd);
	if (err || !(spent || blank) || busy)
		return err ? err : NOTHING;
	memset(report, 0, sizeof *report);
	fmt_print(report->journal, sizeof report->journal, "%s", journal);
	if (blank || journal == r->name_journal) {
		report->state = JOURNAL_EMPTY;
		fmt_print(report->reason, sizeof report->reason, "the journal says nothing, and its file is gone");
		return 0;
	}
	r->removed = true;
	tell(r, report);
	return 0;
}

static int open_aside(struct restoring *r)
{
	int flags = O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, err;

	r->fd = reopen(r->aside, flags | (r->mode == RECOVER_LOOK ? O_RDONLY : O_RDWR));
	if (r->fd < 0 && r->mode == RECOVER_DISCARD)
		r->fd = sys_open(r->aside, flags | O_RDONLY, 0);
	if (r->fd < 0)
		return r->fd == -ENOENT || r->fd == -ELOOP || r->fd == -EISDIR ? NOTHING : r->fd;
	err = sys_fstat(r->fd, &r->file);
	if (!err && !S_ISREG(r->file.st_mode))
		err = NOTHING;
	if (err)
		sys_close(r->fd);
	return err;
}

/* Its journal has the old name, and somebody holds that: he is about to set it aside, or has just taken it back. */
static int look_at_name(const struct restoring *r, struct recovery *report)
{
	bool busy;
	int jfd, err = journal_open_unlocked(r->name_journal, &r->file, &jfd, &busy);

	if (err)
		return err == -ENOENT ? 0 : err;
	if (busy) {
		err = recover_opened(jfd, r->name_journal, r->fd, r->aside, RECOVER_LOOK, report);
		report->state = JOURNAL_BUSY;
		fmt_print(report->reason, sizeof report->reason, "a living process holds the journal");
	}
	sys_close(jfd);
	return err;
}

static int look(struct restoring *r, struct recovery *report)
{
	int err = recover_at(r->aside, RECOVER_LOOK, report);

	if (!err && report->state == JOURNAL_NONE)
		err = look_at_name(r, report);
	r->removed = report->removed;
	if (!err)
		tell(r, report);
	return err;
}

int restore_finish(const char *path, const struct stat *file, const struct recovery *report)
{
	int err = report->removed && aside_is(path) ? aside_remove(path, file) : -ENOENT;

	return err ? (err == -ENOENT ? 0 : err) : sync_folder_of(path);
}

/* Its records are in the file, durably, and one of the two journals is ours. */
static int settle(void *arg, const struct recovery *report)
{
	struct restoring *r = arg;
	int err;

	r->removed = report && report->removed && r->mode != RECOVER_DISCARD && report->state != JOURNAL_CORRUPT;
	err = r->removed ? aside_remove(r->aside, &r->file) : aside_put_back(r->aside, r->name_is);
	return err ? err : sync_folder_of(r->aside);
}

/* -EAGAIN: the journal aside has come meanwhile. */
static int settle_by_name(struct restoring *r, struct recovery *report)
{
	int jfd = -1, err = journal_open_locked(r->name_journal, &r->file, false, &jfd);

	if (err == -EBUSY) {
		look_at_name(r, report);
		return err;
	}
	if (err && err != -ENOENT)
		return err;
	r->name_is = jfd >= 0 ? ASIDE_NAME_LOCKED : ASIDE_NAME_OPEN;
	err = exists(r->aside_journal) ? -EAGAIN : settle(r, NULL);
	if (jfd >= 0)
		sys_close(jfd);
	return err;
}

static int act(struct restoring *r, struct recovery *report)
{
	int err;

	do {
		r->name_is = ASIDE_NAME_OPEN;
		err = recover_locked(r->aside_journal, &r->file, r->fd, r->aside, r->mode, report, settle, r);
		if (err == -ENOENT)
			err = settle_by_name(r, report);
	} while (err == -EAGAIN);
	if (!err)
		tell(r, report);
	return err;
}

/* NOTHING: it is not aside. */
static int restore_aside(struct restoring *r, struct recovery *report)
{
	int err = open_aside(r);

	if (err)
		return err == NOTHING ? finish_removal(r, r->aside_journal, report) : err;
	memset(report, 0, sizeof *report);
	fmt_print(report->journal, sizeof report->journal, "%s", r->aside_journal);
	err = r->mode == RECOVER_LOOK ? look(r, report) : act(r, report);
	sys_close(r->fd);
	return err;
}

int restore_file(const char *path, enum recover_mode mode, struct recovery *report)
{
	struct restoring r = { .mode = mode };
	struct recovery there;
	int err;

	memset(report, 0, sizeof *report);
	err = find_paths(&r, path);
	if (err == -ENAMETOOLONG && *r.name)
		return recover_at(r.name, mode, report);
	if (!err)
		err = restore_aside(&r, report);
	if (err == NOTHING) {
		err = recover_at(r.name, mode, report);
		return err == -ENOENT && finish_removal(&r, r.name_journal, report) == 0 ? 0 : err;
	}
	if (err || !exists(r.name))
		return err;
	/* The file that has the name now. */
	err = recover_at(r.name, mode, &there);
	if (err || (there.state != JOURNAL_NONE && there.state != JOURNAL_EMPTY))
		*report = there;
	return err;
}

int restore_for_reading(const char *path, struct recovery *report)
{
	int err = restore_file(path, RECOVER_REDO, report);

	if (err == -EACCES || err == -EROFS) {
		/* It was the folder that may not be written. */
		if (report->redone)
			return 0;
		err = restore_file(path, RECOVER_LOOK, report);
		if (!err)
			err = recover_refusal(report->state, RECOVER_REDO);
		report->awaited = !err && report->state == JOURNAL_PENDING && !report->in_file;
		/* What is called put aside may be anybody's: nobody is made to wait for it. */
		if (report->awaited || (!err && report->state == JOURNAL_UNLINKED && !report->removed))
			err = -EACCES;
	}
	if (err == -EBUSY)
		report->awaited = report->in_part;
	return err;
}

/* An empty journal is what the last writer on a network file system has left; elsewhere it is the work of a crash. */
static bool is_left_by_rule(const char *journal)
{
	int fd = sys_open(journal, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	bool network = fd >= 0 && network_kind_of(fd) != NETWORK_NONE;

	if (fd >= 0)
		sys_close(fd);
	return network;
}

static bool has_journal(const char *journal)
{
	struct stat st;

	return !sys_lstat(journal, &st) && (st.st_size > 0 || !is_left_by_rule(journal));
}

bool restore_is_needed(const char *path)
{
	PATH_ROOM(other);

	return (!journal_path_of(path, config.journal_dir, other, PATH_MAX) && has_journal(other)) ||
	       (!aside_path_of(path, other, PATH_MAX) && exists(other));
}
