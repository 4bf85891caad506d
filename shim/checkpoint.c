/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See checkpoint.h.  One background thread at a time; it inherits the engine thread's descriptor table. */
#include "checkpoint.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "fence.h"
#include "journal_lock.h"
#include "log.h"
#include "marks.h"
#include "progress.h"
#include "roster.h"
#include "shared.h"
#include "sys.h"

#define JOURNAL_GROWN ((uint64_t)32 << 20)

void (*checkpoint_ended)(void);

static struct {
	struct view *view; /* NULL: none is under way */
	struct journal_position head;
	uint32_t generation; /* of the journal that it was */
	int fd;
	bool durable; /* the thread has no lock: of the view it reads nothing */
	pthread_t thread;
	int result;
	uint32_t done;
} background;

static void *run(void *arg)
{
	background.result = background.durable ? sys_fdatasync(background.fd) : 0;
	__atomic_store_n(&background.done, 1, __ATOMIC_RELEASE);
	sys_futex_wake(&background.done, 1);
	if (checkpoint_ended)
		checkpoint_ended();
	return NULL;
}

static void fail(struct view *v, int err)
{
	if (fence_noticed(v, err))
		return;
	v->error = err;
	/* What could not be written to the disk may be gone from memory too: it counts as not applied, and recovery writes all of it again. */
	journal_note(&v->journal, v->journal.header.head_seq - 1, v->journal.header.applying_seq, NULL);
	log_error("%s: checkpoint failed: %e; its commits are safe in %s, no more are taken: end the program, "
		  "mend the disk, then bigfile recover", v->path, err, v->journal.path);
}

static int finish(struct view *v, struct journal_position head, int err)
{
	if (!err)
		err = journal_trim(&v->journal, head);
	if (err)
		fail(v, err);
	return err;
}

/* In a shared session somebody else may have come farther meanwhile, or begun another journal. */
static bool is_outdated(const struct view *v)
{
	return v->mode != VIEW_WRITING || background.generation != v->journal.generation ||
	       background.head.seq <= v->journal.header.head_seq;
}

static void wait_for_background(void)
{
	if (background.view && !__atomic_load_n(&background.done, __ATOMIC_ACQUIRE))
		progress_wait(background.view->fd, &background.done);
	checkpoint_reap();
}

void checkpoint_reap(void)
{
	if (!background.view || !__atomic_load_n(&background.done, __ATOMIC_ACQUIRE))
		return;
	pthread_join(background.thread, NULL);
	/* A file that could not be made durable is that whatever journal it has. */
	if (background.result || !is_outdated(background.view))
		finish(background.view, background.head, background.result);
	background.view = NULL;
}

bool checkpoint_is_under_way(const struct view *v)
{
	return background.view == v;
}

void checkpoint_after_fork(void)
{
	background.view = NULL;
}

void checkpoint_consider(struct view *v, bool idle)
{
	pthread_attr_t attributes;

	if (background.view || v->error || v->mode != VIEW_WRITING ||
	    !journal_has_records(&v->journal))
		return;
	if (!idle && journal_live_bytes(&v->journal) < JOURNAL_GROWN)
		return;
	background.view = v;
	background.head = v->journal.tail;
	background.generation = v->journal.generation;
	background.fd = v->fd;
	background.durable = v->journal.durable;
	background.done = 0;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 1 << 20);
	/* No thread to be had: the journal grows until a record finds no room, then it is done at once. */
	if (pthread_create(&background.thread, &attributes, run, NULL))
		background.view = NULL;
	pthread_attr_destroy(&attributes);
}

int checkpoint_now(struct view *v)
{
	int err;

	wait_for_background();
	if (v->error)
		return v->error;
	if (journal_is_empty(&v->journal))
		return 0;
	err = v->shared ? shared_follow(v) : 0;
	/* One in the background may have left it without records, but a head that is not durable. */
	if (!err && journal_has_records(&v->journal))
		err = finish(v, v->journal.tail, v->journal.durable ? progress_fdatasync(v->fd) : 0);
	return err ? err : journal_sync(&v->journal);
}

/*
 * It takes no commits, and its records stay.  Of one that could not be applied the header says that it was decided; one whose deciding
 * record lingers asks a journal that stays too.
 */
static int settle_failed(struct view *v)
{
	if (v->journal.error)
		return v->journal.lingers ? 0 : v->error;
	return journal_sync(&v->journal);
}

int checkpoint_companions(struct view *v)
{
	int err = 0;

	if (roster_is_empty(&v->journal))
		return 0;
	for (struct view *other = view_first(); other && !err; other = other->next) {
		if (other == v || other->mode != VIEW_WRITING)
			continue;
		/* One whose sync failed is replaced itself before the next commit. */
		if (other->error)
			err = settle_failed(other);
		else if (!other->journal.error)
			err = checkpoint_now(other);
	}
	return err;
}

/* durably: an error is that of the other's journal, which is replaced by the next commit. */
static void forget(const struct view *v, uint64_t salt, bool durably)
{
	for (struct view *other = view_first(); other; other = other->next) {
		if (other != v && other->mode == VIEW_WRITING && !other->journal.error && roster_remove(&other->journal, salt) && durably)
			journal_sync(&other->journal);
	}
}

void checkpoint_forget(struct view *v, bool durably)
{
	forget(v, v->journal.header.salt, durably);
}

static uint64_t data_offset_of(const struct view *v)
{
	return max_u64(JOURNAL_DATA, round_up(JOURNAL_ROSTER + v->journal.roster_wanted, JOURNAL_BLOCK));
}

static int replace_journal(struct view *v, const char *fresh, const struct stat *file)
{
	struct journal j;
	char *path = v->journal.path;
	int fd, err;

	sys_unlinkat(AT_FDCWD, fresh);
	err = journal_open_locked(fresh, file, true, &fd);
	if (err)
		return err;
	err = journal_init(&j, fd, path, file, v->journal.durable, data_offset_of(v));
	if (!err && j.durable)
		err = sys_fsync(fd);
	j.generation = v->journal.generation + 1;
	/* Before it is there: should we die from here on, the others look for it. */
	if (!err && v->shared)
		shared_file_of(v)->journal.generation = j.generation;
	if (!err)
		err = sys_rename(fresh, path);
	if (!err)
		err = sync_folder_of(path);
	if (err) {
		journal_close(&j);
		return err;
	}
	/* The file's own name may have to be made durable yet. */
	j.named = v->journal.named;
	if (v->shared)
		journal_share_lock(fd);
	journal_close(&v->journal);
	v->journal = j;
	return 0;
}

/*
 * The old journal's records were durable, all but the last, which was reported as failed: once
 * the file is durable too, nothing in it is needed, and the failed record goes with it.
 */
int checkpoint_renew_journal(struct view *v)
{
	uint64_t salt = v->journal.header.salt;
	char fresh[PATH_MAX];
	struct stat file;
	int err;

	wait_for_background();
	if (v->journal.error)
		fence_noticed(v, v->journal.error);
	if (v->error)
		return v->error;
	err = checkpoint_companions(v);
	if (err)
		return err;
	if (journal_has_records(&v->journal)) {
		err = v->journal.durable ? progress_fdatasync(v->fd) : 0;
		if (err) {
			fail(v, err);
			return err;
		}
	}
	err = sys_fstat(v->fd, &file);
	journal_fresh_path_of(v->journal.path, fresh, sizeof fresh);
	/* By its name it might be another machine's. */
	if (!err)
		err = v->leased ? journal_restart(&v->journal, &file, data_offset_of(v)) : replace_journal(v, fresh, &file);
	/* By its old path nobody would find the file, should that get another name. */
	if (!err)
		forget(v, salt, false);
	if (err && !fence_noticed(v, err))
		log_error("%s: a new journal cannot be made: %e; free some space or mend the disk, then commit again",
			  v->path, err);
	return err;
}
