/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recovery: see recover.h for what it promises and journal_format.h for the redo rule.
 *
 * The order that makes it safe to die at any line: the last record is made durable, unless it is; the header says that an apply of it
 * is under way on this boot; that is made durable, with the journal's name; the file gets every live record; the file is made durable;
 * only then is the journal dropped.  Whoever comes after a crash in between starts again from the head.
 */
#include "recover.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "doubt.h"
#include "fmt.h"
#include "journal_head.h"
#include "journal_lock.h"
#include "journal_scan.h"
#include "lease.h"
#include "log.h"
#include "marks.h"
#include "network.h"
#include "page.h"
#include "progress.h"
#include "redo.h"
#include "reopen.h"
#include "retire.h"
#include "stranger.h"
#include "sys.h"

static void judge(struct recovery *r, enum journal_state state, const char *reason)
{
	r->state = state;
	fmt_print(r->reason, sizeof r->reason, "%s", reason);
}

static void copy_owner(struct recovery *r, const struct journal_header *h)
{
	r->owner_pid = h->owner_pid;
	memcpy(r->owner_host, h->owner_host, sizeof r->owner_host);
	r->owner_host[sizeof r->owner_host - 1] = '\0';
	memcpy(r->owner_comm, h->owner_comm, sizeof r->owner_comm);
	r->owner_comm[sizeof r->owner_comm - 1] = '\0';
}

static void judge_doubt(struct recovery *r, const struct doubt *d)
{
	if (d->answer == DOUBT_BUSY) {
		copy_owner(r, &d->asked);
		r->state = JOURNAL_BUSY;
		fmt_print(r->reason, sizeof r->reason, "the journal of a file that was changed together with it, %s, is in use",
			  d->coordinator);
	} else {
		r->state = JOURNAL_DOUBT;
		fmt_print(r->reason, sizeof r->reason, "whether its last commit took place is said by %s, and %s",
			  d->coordinator, d->reason);
	}
}

/* Does the last record count?  Afterwards the chain ends with one that does, unless the state says why not. */
static int resolve(int jfd, const struct stat *file, struct journal_header *h, struct journal_chain *chain,
		   enum recover_mode mode, struct recovery *r)
{
	static const enum doubt_how how[] = {
		[RECOVER_LOOK] = DOUBT_LOOK,     [RECOVER_REDO] = DOUBT_SETTLE, [RECOVER_REST] = DOUBT_SETTLE,
		[RECOVER_FORCE] = DOUBT_COMMIT,  [RECOVER_DISCARD] = DOUBT_ABORT,
	};
	struct doubt *d = arena_alloc(sizeof *d);
	int err = !d ? -ENOMEM :
		  chain->doubtful ? doubt_settle(jfd, r->journal, file, h, chain, how[mode], d) :
				    doubt_confirm(jfd, r->journal, chain, d);

	if (!err && d->answer == DOUBT_ABORTED && mode == RECOVER_LOOK)
		err = journal_scan_to(jfd, h, chain->last_seq - 1, chain);
	if (!err && (d->answer == DOUBT_UNKNOWN || d->answer == DOUBT_BUSY))
		judge_doubt(r, d);
	arena_free(d, sizeof *d);
	return err;
}

/* One that counts is looked at once more, unless somebody has said what is to be done. */
static bool is_to_be_resolved(const struct journal_chain *chain, enum recover_mode mode)
{
	return !chain->gap && !chain->newer &&
	       (chain->doubtful || (chain->records && (mode == RECOVER_LOOK || mode == RECOVER_REDO)));
}

/* 1, 0, or -errno. */
static int is_strange(int jfd, int file_fd, const struct stat *file, const struct journal_header *h, const struct journal_chain *chain)
{
	int stranger = stranger_was_here(jfd, h, chain, file), done;

	if (stranger)
		return stranger;
	stranger = stranger_may_have_restored(jfd, h, chain, file);
	if (stranger <= 0)
		return stranger;
	done = redo_is_done(jfd, chain, file_fd);
	return done < 0 ? done : !done;
}

static int judge_chain(int jfd, int file_fd, const struct stat *file, const struct journal_header *h,
		       const struct journal_chain *chain, struct recovery *r)
{
	int stranger = 0;

	r->records = chain->records;
	r->bytes = chain->bytes;
	r->first_seq = h->head_seq;
	r->last_seq = chain->last_seq;
	r->last_time = chain->last_time;
	r->new_size = chain->new_size;
	r->removed = chain->removed;
	if (r->state == JOURNAL_BUSY || r->state == JOURNAL_DOUBT)
		return 0;
	if (chain->newer)
		judge(r, JOURNAL_NEWER, "a record was written by a newer version of Bigfile");
	else if (chain->gap)
		judge(r, JOURNAL_CORRUPT, "a committed record is damaged or missing");
	else if (chain->records == 0)
		judge(r, JOURNAL_EMPTY, "the journal holds no committed record");
	else if (h->file_ino != (uint64_t)file->st_ino)
		judge(r, JOURNAL_FOREIGN, "the journal belongs to another file of this name");
	else if ((stranger = is_strange(jfd, file_fd, file, h, chain)) > 0)
		judge(r, JOURNAL_STRANGER, "the file was changed without Bigfile after the crash");
	else
		judge(r, JOURNAL_PENDING, "committed records are not yet in the file for good");
	return stranger < 0 ? stranger : 0;
}

/* For who only reads the file.  On a network file system the servers know, and nobody asks them for that. */
static int judge_file(int jfd, const struct journal_header *h, const struct journal_chain *chain, struct recovery *r)
{
	int same;

	if (!chain->records || network_kind_of(jfd) != NETWORK_NONE)
		return 0;
	same = is_this_boot(h);
	r->in_file = same > 0 && h->applied_seq >= chain->last_seq;
	r->in_part = same <= 0 || h->applied_seq < h->applying_seq;
	return same < 0 ? same : 0;
}

static int examine(int jfd, int file_fd, const struct stat *file, enum recover_mode mode, struct journal_header *h,
		   struct journal_chain *chain, struct recovery *r)
{
	enum journal_find found;
	int err = journal_read_header(jfd, h, &found);

	if (err)
		return err;
	if (found == FOUND_NOTHING)
		judge(r, JOURNAL_EMPTY, "the journal was never written");
	else if (found == FOUND_DAMAGE)
		judge(r, JOURNAL_CORRUPT, "no header of the journal can be read");
	else if (found == FOUND_NEWER)
		judge(r, JOURNAL_NEWER, "the journal was written by a newer version of Bigfile");
	if (found != FOUND_HEADER)
		return 0;
	copy_owner(r, h);
	err = journal_scan(jfd, h, chain);
	if (err)
		return err;
	if (is_to_be_resolved(chain, mode))
		err = resolve(jfd, file, h, chain, mode, r);
	if (!err)
		err = judge_chain(jfd, file_fd, file, h, chain, r);
	return err || mode != RECOVER_LOOK ? err : judge_file(jfd, h, chain, r);
}

/* Has the last record been made durable?  Applying it begins after that. */
static bool is_announced(const struct journal_header *h, const struct journal_chain *chain)
{
	return h->applying_seq >= chain->last_seq && !(h->flags & JOURNAL_LAX);
}

/* Was it read from the disk?  On another boot nobody has written to the journal yet, but for heads of records that were in doubt. */
static bool is_from_disk(int jfd, const struct journal_header *h)
{
	return network_kind_of(jfd) == NETWORK_NONE && is_this_boot(h) == 0;
}

/*
 * Before the file is touched, what it will be made from must survive the power: who was killed before its sync left a last record that only the
 * page cache has, and after a failed one no sync tells.  And before the header says that applying begins: the disk may keep what it has in its
 * own memory over a reset, and lose it with the power.
 */
static int make_certain(int jfd, const struct journal_header *h, const struct journal_chain *chain)
{
	bool announced = is_announced(h, chain), known = announced || is_from_disk(jfd, h);
	int err = journal_write_again(jfd, chain->last_at, known ? JOURNAL_BLOCK : chain->end - chain->last_at);

	return err || announced ? err : sys_fdatasync(jfd);
}

/* With its name, which may be as new. */
static int make_durable(int jfd, const char *journal)
{
	int err = sys_fdatasync(jfd);

	return err ? err : sync_folder_of(journal);
}

/* Says in the journal that from here on the file's changes are recovery's. */
static int announce_redo(int jfd, struct journal_header *h, const struct journal_chain *chain, uint64_t in_file)
{
	int err = boot_id_read(h->boot_id);

	h->serial++;
	h->applied_seq = in_file;
	h->applying_seq = chain->last_seq;
	if (err)
		return err;
	h->checksum = journal_hash(h, offsetof(struct journal_header, checksum));
	return sys_pwrite_all(jfd, h, sizeof *h, (h->serial & 1) * JOURNAL_BLOCK);
}

int recover_refusal(enum journal_state state, enum recover_mode mode)
{
	bool forced = mode == RECOVER_FORCE;

	switch (state) {
	case JOURNAL_CORRUPT:
		return forced ? 0 : -EBADMSG;
	case JOURNAL_FOREIGN:
	case JOURNAL_STRANGER:
		return forced ? 0 : -ESTALE;
	case JOURNAL_DOUBT:
		return mode == RECOVER_REDO || mode == RECOVER_REST ? -ESTALE : 0;
	case JOURNAL_NEWER:
		return -EPROTONOSUPPORT;
	case JOURNAL_BUSY:
		return -EBUSY;
	default:
		return 0;
	}
}

int recover_opened(int jfd, const char *journal, int file_fd, const char *path,
		   enum recover_mode mode, struct recovery *report)
{
	struct journal_header h;
	struct journal_chain chain = { 0 };
	struct stat file;
	uint64_t in_file;
	int newer, same, err = sys_fstat(file_fd, &file);

	memset(report, 0, sizeof *report);
	fmt_print(report->journal, sizeof report->journal, "%s", journal);
	if (!err)
		err = examine(jfd, file_fd, &file, mode, &h, &chain, report);
	if (err || mode == RECOVER_LOOK || (mode == RECOVER_DISCARD && report->state != JOURNAL_DOUBT &&
					    report->state != JOURNAL_BUSY))
		return err;
	err = recover_refusal(report->state, mode);
	if (err || chain.records == 0)
		return err;
	newer = report->state == JOURNAL_PENDING ? is_only_unsynced(jfd, &h, &chain, &file) : 0;
	same = mode == RECOVER_REST ? is_this_boot(&h) : 0;
	if (newer < 0 || same < 0)
		return newer < 0 ? newer : same;
	if (newer) {
		log_warn("%s: changed without Bigfile since its last commit; keeping that change",
			 path);
		return sys_fdatasync(file_fd);
	}
	in_file = h.head_seq - 1;
	if (same)
		in_file = max_u64(in_file, h.applied_seq);
	err = make_certain(jfd, &h, &chain);
	if (!err)
		err = announce_redo(jfd, &h, &chain, in_file);
	if (!err)
		err = make_durable(jfd, journal);
	if (!err)
		err = redo_chain(jfd, &h, &chain, file_fd, in_file);
	if (!err)
		err = progress_fsync(file_fd);
	report->redone = !err;
	if (!err)
		log_info("%s: recovered, %lu committed records redone", path, chain.records);
	return err;
}

int recover_take_lease(int jfd, int file_fd, bool *leased, struct recovery *report)
{
	int err = lease_take(jfd, file_fd, leased, report->reason);

	if (err == -EOPNOTSUPP)
		report->state = JOURNAL_UNSAFE;
	return err;
}

/* Reading is enough to look; the owner's name is in the header of a journal that is busy. */
static int look(const char *journal, const struct stat *file, int file_fd, const char *path,
		struct recovery *report)
{
	bool busy;
	int jfd, err = journal_open_unlocked(journal, file, &jfd, &busy);

	if (err)
		return err;
	err = recover_opened(jfd, journal, file_fd, path, RECOVER_LOOK, report);
	if (!err && busy)
		judge(report, JOURNAL_BUSY, "a living process holds the journal");
	sys_close(jfd);
	return err;
}

/* What could not be read may still be worth something to somebody: so are those that were kept before. */
static int keep_damaged(const char *journal)
{
	char damaged[PATH_MAX];
	int err = -EEXIST;

	for (unsigned n = 1; n < 100 && err == -EEXIST; n++) {
		if (n == 1)
			fmt_print(damaged, sizeof damaged, "%s.damaged" JOURNAL_SUFFIX, journal);
		else
			fmt_print(damaged, sizeof damaged, "%s.damaged%u" JOURNAL_SUFFIX, journal, n);
		err = sys_rename_new(journal, damaged);
	}
	if (!err)
		log_warn("the damaged journal is kept as %s", damaged);
	return err ? err : sync_folder_of(journal);
}

int recover_locked(const char *journal, const struct stat *file, int file_fd, const char *path, enum recover_mode mode,
		   struct recovery *report, recover_fn then, void *arg)
{
	int jfd, err = journal_open_locked(journal, file, false, &jfd);
	bool leased;

	if (err == -EBUSY) {
		look(journal, file, file_fd, path, report);
		return -EBUSY;
	}
	if (err)
		return err;
	err = recover_take_lease(jfd, file_fd, &leased, report);
	if (!err)
		err = recover_opened(jfd, journal, file_fd, path, mode, report);
	/* While the lock is still held, so that nobody starts to use what we delete. */
	if (!err && then)
		err = then(arg, report);
	if (!err && report->state == JOURNAL_CORRUPT && mode == RECOVER_FORCE)
		err = keep_damaged(journal);
	else if (!err)
		err = retire_journal(jfd, journal, file);
	sys_close(jfd);
	return err;
}

int recover_at(const char *path, enum recover_mode mode, struct recovery *report)
{
	char journal[PATH_MAX];
	bool writes = mode != RECOVER_LOOK;
	struct stat file;
	int fd, err;

	memset(report, 0, sizeof *report);
	err = journal_path_of(path, config.journal_dir, journal, sizeof journal);
	if (err)
		return err;
	fmt_print(report->journal, sizeof report->journal, "%s", journal);
	judge(report, JOURNAL_NONE, "there is no journal");
	fd = reopen(path, (writes ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	/* Whose journal is only thrown away need not be written. */
	if (fd < 0 && mode == RECOVER_DISCARD)
		fd = sys_open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	err = sys_fstat(fd, &file);
	if (!err && !S_ISREG(file.st_mode))
		err = -EINVAL;
	if (!err)
		err = mode == RECOVER_LOOK ? look(journal, &file, fd, path, report) :
					     recover_locked(journal, &file, fd, path, mode, report, NULL, NULL);
	sys_close(fd);
	return err == -ENOENT ? 0 : err;
}
