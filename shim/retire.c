/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See retire.h. */
#include "retire.h"

#include <limits.h>
#include <string.h>

#include "arena.h"
#include "aside.h"
#include "doubt_ask.h"
#include "fmt.h"
#include "journal_find.h"
#include "journal_head.h"
#include "journal_lock.h"
#include "journal_read.h"
#include "log.h"
#include "marks.h"
#include "roster.h"
#include "sys.h"

#define WAIT_MS 500
#define POLL_MS 5

struct retiring {
	int jfd;
	const char *journal;
	const struct stat *file;
	struct journal_header header;
	unsigned lost;
	char path[PATH_MAX]; /* of the companion's journal */
	char lost_file[PATH_MAX];
};

/*
 * What a journal says about another file is believed when the other's journal names it by its path, or when whoever wrote it
 * could have written the other one as well.
 */
static bool is_believed(const struct retiring *r, int fd, const struct journal_reference *ref)
{
	struct stat ours, theirs;

	if (!strcmp((const char *)(ref + 1), r->journal))
		return true;
	return !sys_fstat(r->jfd, &ours) && !sys_fstat(fd, &theirs) &&
	       (ours.st_uid == theirs.st_uid || ours.st_uid == 0 || ours.st_uid == geteuid());
}

/* In doubt about what we decide, and about nothing else? */
static int is_ours(const struct retiring *r, int fd, const struct journal_chain *chain, struct journal_record *rec, uint64_t *seq,
		   bool *ours)
{
	struct journal_reference *ref;
	size_t length;
	int err = sys_pread_all(fd, rec, sizeof *rec, chain->last_at);

	*ours = false;
	if (!err)
		err = journal_read_reference(fd, chain->last_at, rec, &ref, &length);
	if (err == -EBADMSG)
		log_error("%s: is in doubt about its last commit and does not tell whom to ask: bigfile recover --force or --discard that file; "
			  "until then %s is kept", r->path, r->journal);
	if (err)
		return err;
	*ours = ref->salt == r->header.salt;
	*seq = ref->seq;
	if (*ours && !is_believed(r, fd, ref)) {
		log_error("%s: would decide about %s, which is of another owner: bigfile recover the file of that one first",
			  r->journal, r->path);
		err = -EPERM;
	}
	arena_free(ref, length);
	return err;
}

/* What says that it is in doubt no more may be in the page cache alone, and where a sync of it has failed before, none tells. */
static int make_certain(int fd, const struct journal_header *h, const struct journal_chain *chain)
{
	int err = journal_write_again(fd, 0, JOURNAL_ROSTER);

	if (!err && chain->records)
		err = journal_write_again(fd, chain->last_at, JOURNAL_BLOCK);
	/* Where the next one would be. */
	if (!err)
		err = journal_write_again(fd, chain->end, JOURNAL_BLOCK);
	if (!err)
		err = journal_write_again(fd, h->data_offset, JOURNAL_BLOCK);
	return err ? err : sys_fdatasync(fd);
}

/* In doubt no more, for our journal has decided it: does that say so still? */
static int look_whether_older(struct retiring *r, int fd, const struct journal_chain *chain)
{
	struct journal_record rec;
	struct journal_reference *ref;
	bool lacks = false;
	size_t length;
	int err = chain->records ? sys_pread_all(fd, &rec, sizeof rec, chain->last_at) : 0;

	if (err || !chain->records || rec.type != RECORD_PREPARED)
		return err;
	err = journal_read_reference(fd, chain->last_at, &rec, &ref, &length);
	if (err)
		return err;
	if (ref->salt == r->header.salt && is_believed(r, fd, ref))
		err = doubt_lacks(r->jfd, &r->header, ref->seq, &lacks);
	arena_free(ref, length);
	if (!lacks)
		return err;
	log_error("%s: is older than the last commit of %s, which it has decided, and may be from a backup: bring the newer one back; or "
		  "bigfile recover --force (it took place) or --discard (it did not) that file first", r->journal, r->path);
	return -ESTALE;
}

static int settle(struct retiring *r, int fd)
{
	struct journal_header h;
	struct journal_chain chain;
	struct journal_record rec;
	enum journal_find found;
	enum doubt_answer answer;
	uint64_t seq;
	bool ours;
	int err = journal_read_header(fd, &h, &found);

	if (err || found != FOUND_HEADER)
		return err;
	err = journal_scan(fd, &h, &chain);
	if (!err && !chain.doubtful)
		err = look_whether_older(r, fd, &chain);
	if (!err && !chain.doubtful)
		err = make_certain(fd, &h, &chain);
	if (err || !chain.doubtful)
		return err;
	err = is_ours(r, fd, &chain, &rec, &seq, &ours);
	if (err || !ours)
		return err;
	err = doubt_ask(r->jfd, &r->header, seq, rec.transaction, true, &answer);
	if (!err && answer == DOUBT_ABORTED)
		err = doubt_file(r->jfd, &r->header, r->journal, r->file, &answer);
	/* Nobody will ever know: it is for a person to say. */
	if (!err && (answer == DOUBT_UNKNOWN || answer == DOUBT_OLDER)) {
		log_error("%s: is in doubt about its last commit, and %s, which would tell, is %s: bigfile recover "
			  "--force or --discard that file first", r->path, r->journal, answer == DOUBT_OLDER ? "older" : "damaged");
		err = answer == DOUBT_OLDER ? -ESTALE : -EBADMSG;
	}
	return err ? err : doubt_write(fd, &h, &chain, answer);
}

static int open_patiently(const char *path, const struct stat *file, int *fd)
{
	int err;

	for (unsigned ms = 0; (err = journal_open_locked(path, file, false, fd)) == -EBUSY && ms < WAIT_MS; ms += POLL_MS)
		sys_sleep_ms(POLL_MS);
	return err;
}

static bool has_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	struct stat st;

	fmt_print(folder, sizeof folder, "%s", path);
	if (slash)
		folder[slash == path ? 1 : slash - path] = '\0';
	return slash && !sys_lstat(folder, &st);
}

/*
 * Its file is there, and has no journal or another one: what it was in doubt about has been settled.  So it has when it was aside, and is
 * not any more, and when it has been set aside since.
 */
static bool is_settled(const struct companion *c)
{
	char aside[PATH_MAX];
	struct stat st;

	return !sys_lstat(c->journal, &st) || !sys_lstat(c->file, &st) || (aside_is(c->file) && has_folder(c->file)) ||
	       (!aside_is(c->file) && !aside_path_of(c->file, aside, sizeof aside) && !sys_lstat(aside, &st));
}

static int release(void *arg, const struct companion *c)
{
	struct retiring *r = arg;
	struct stat theirs;
	const struct stat *owner = sys_stat(c->file, &theirs) ? r->file : &theirs;
	int fd, err = journal_find(c->journal, c->salt, r->journal, owner, r->path, sizeof r->path);

	if (!err)
		err = open_patiently(r->path, owner, &fd);
	if (!err) {
		err = settle(r, fd);
		sys_close(fd);
		return err ? err : roster_strike(r->jfd, c);
	}
	if (err == -EBUSY)
		return err;
	if (err == -ENOENT && is_settled(c))
		return roster_strike(r->jfd, c);
	r->lost++;
	fmt_print(r->lost_file, sizeof r->lost_file, "%s", c->file);
	return 0;
}

/* All that it holds is in the file; what it says is said by its head alone. */
static int empty(struct retiring *r)
{
	struct journal_chain chain;
	int err = journal_scan(r->jfd, &r->header, &chain);

	/* What is damaged must not look whole. */
	if (err || chain.gap || chain.newer)
		return err;
	r->header.head_offset = chain.end;
	r->header.head_seq = chain.last_seq + 1;
	r->header.applied_seq = r->header.applying_seq = chain.last_seq;
	err = journal_write_both(r->jfd, &r->header);
	return err ? err : sys_fdatasync(r->jfd);
}

static int kept_path(const char *journal, uint64_t salt, char *out, size_t size)
{
	size_t n = strlen(journal), suffix = sizeof JOURNAL_SUFFIX - 1;
	char stem[PATH_MAX];

	if (n >= sizeof stem || n < suffix)
		return -ENAMETOOLONG;
	fmt_print(stem, sizeof stem, "%s", journal);
	stem[n - suffix] = '\0';
	return fmt_print(out, size, "%s.%lx%s", stem, salt, JOURNAL_SUFFIX) + 1 >= size ? -ENAMETOOLONG : 0;
}

static int keep(struct retiring *r)
{
	char kept[PATH_MAX];
	int err;

	if (doubt_is_kept(r->journal, r->header.salt))
		return 0;
	err = kept_path(r->journal, r->header.salt, kept, sizeof kept);
	if (!err)
		err = empty(r);
	if (!err)
		err = sys_rename_new(r->journal, kept);
	if (!err)
		err = sync_folder_of(kept);
	if (!err)
		log_warn("%s: was changed together with this file and cannot be found; %s is kept until it has been "
			 "recovered, and is needed for that; when it is gone for good, delete that", r->lost_file, kept);
	return err;
}

/* One that is only kept for its companions nobody writes any more, nor takes for his own. */
static int let_go(const struct retiring *r)
{
	return doubt_is_kept(r->journal, r->header.salt) ? journal_delete(r->journal) : journal_discard(r->jfd, r->journal, true);
}

/* One that was to take its place when its maker died.  In a folder for all, another's file may have that name. */
static void drop_fresh(const char *journal, const struct stat *file)
{
	char fresh[PATH_MAX];
	int fd;

	journal_fresh_path_of(journal, fresh, sizeof fresh);
	if (journal_open_locked(fresh, file, false, &fd))
		return;
	sys_unlinkat(AT_FDCWD, fresh);
	sys_close(fd);
}

int retire_journal(int jfd, const char *journal, const struct stat *file)
{
	struct retiring *r = arena_alloc(sizeof *r);
	enum journal_find found;
	int err = r ? 0 : -ENOMEM;

	if (err)
		return err;
	drop_fresh(journal, file);
	r->jfd = jfd;
	r->journal = journal;
	r->file = file;
	err = journal_read_header(jfd, &r->header, &found);
	if (!err && found == FOUND_HEADER)
		err = roster_each(jfd, &r->header, release, r);
	if (!err)
		err = r->lost ? keep(r) : let_go(r);
	arena_free(r, sizeof *r);
	return err;
}
