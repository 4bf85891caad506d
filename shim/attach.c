/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See attach.h. */
#include "attach.h"

#include <limits.h>
#include <string.h>

#include "adopt.h"
#include "config.h"
#include "control.h"
#include "engine.h"
#include "fmt.h"
#include "giveup.h"
#include "home.h"
#include "journal_lock.h"
#include "log.h"
#include "names.h"
#include "parking.h"
#include "proc.h"
#include "reopen.h"
#include "retire.h"
#include "sharing.h"
#include "spare.h"
#include "sys.h"
#include "tracker.h"

#define LARGEST_CROWD 1000 /* whom we ask, one after the other, to share a transaction */

/* The descriptor that the program means; whatever it does to it later, this is the file. */
static int open_anchor(const struct attach_request *r)
{
	char link[64];

	/* A view that was inherited over fork.  What is there is compared with it. */
	if (!r->thread && r->fd < 0)
		return sys_open(r->path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	if (r->thread)
		fmt_print(link, sizeof link, "/proc/self/task/%d/fd/%d", r->thread, r->fd);
	else
		fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", r->fd);
	return sys_open(link, O_PATH | O_CLOEXEC, 0);
}

static int open_anew(const struct attach_request *r, int flags)
{
	char link[64];

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", r->anchor);
	return parking_put(reopen(link, flags | O_CLOEXEC | O_NOCTTY));
}

static bool is_empty(int jfd)
{
	struct stat st;

	return !sys_fstat(jfd, &st) && st.st_size == 0;
}

/*
 * Opens the journal locked and empty, redoing first what it may hold.  A new journal is a new file, or an old one that was emptied:
 * nothing of the old one can ever be taken for its records.
 */
static int open_journal(struct view *v, const char *journal, const struct stat *file, struct recovery *report, int *jfd)
{
	for (;;) {
		int err = journal_open_locked(journal, file, true, jfd);

		if (err)
			return err;
		err = recover_take_lease(*jfd, v->fd, &v->leased, report);
		if (!err && !is_empty(*jfd)) {
			err = recover_opened(*jfd, journal, v->fd, v->path, RECOVER_REDO, report);
			if (!err)
				err = restore_finish(v->path, file, report);
			if (!err)
				err = retire_journal(*jfd, journal, file);
		}
		if (!err && is_empty(*jfd)) {
			*jfd = parking_put(*jfd);
			return 0;
		}
		sys_close(*jfd);
		if (err)
			return err;
	}
}

static void report_holder(struct attach_request *r)
{
	restore_file(r->path, RECOVER_LOOK, &r->report);
}

/* A file that had this name before, and lost it to ours without our help, still has its journal there. */
static bool follow_names(const struct view *v)
{
	for (struct view *other = view_first(); other; other = other->next) {
		if (other != v && other->mode == VIEW_WRITING && !strcmp(other->path, v->path)) {
			names_follow(NULL);
			return true;
		}
	}
	return false;
}

static int take_journal(struct view *v, struct attach_request *r)
{
	char journal[PATH_MAX];
	struct stat st;
	int jfd, err = journal_path_of(v->path, config.journal_dir, journal, sizeof journal);

	if (!err)
		err = sys_fstat(v->fd, &st);
	if (err)
		return err;
	fmt_print(r->report.journal, sizeof r->report.journal, "%s", journal);
	err = open_journal(v, journal, &st, &r->report, &jfd);
	/* Unless it is another file's journal that is in use. */
	if (err == -EBUSY && r->report.state != JOURNAL_BUSY && follow_names(v))
		err = open_journal(v, journal, &st, &r->report, &jfd);
	if (err == -EBUSY && r->report.state != JOURNAL_BUSY)
		report_holder(r);
	if (err)
		return err;
	err = sys_fstat(v->fd, &st);
	if (!err)
		err = journal_init(&v->journal, jfd, journal, &st, config.durable, JOURNAL_DATA);
	if (err) {
		journal_discard(jfd, journal, false);
		journal_close(&v->journal);
		return err;
	}
	v->size = v->committed = (uint64_t)st.st_size;
	v->file_end = v->zero_end = page_ceil(v->size);
	v->mode = VIEW_WRITING;
	log_info("%s: attached, tracker %s", v->path, tracker->name);
	return 0;
}

/* A reader too must not see half of what a crash left. */
static int settle_for_reading(struct attach_request *r)
{
	int err;

	if (!restore_is_needed(r->path))
		return 0;
	err = restore_for_reading(r->path, &r->report);
	/* A living writer applies what it commits; that is what readers of files have always seen, from when they have it open on.  Or he
	   deletes it just now. */
	return (err == -EBUSY && (!r->report.awaited || r->impatient)) || err == -ENOENT ? 0 : err;
}

/* Who is at it for so long may be stopped, or his disk slow.  To wait on would be no better than to read. */
bool attach_waits_no_more(struct attach_request *r, int err)
{
	if (err != -EBUSY || !r->report.awaited || r->impatient)
		return false;
	log_warn("%s: process %d is applying a commit, and has been for long: it is read beside that", r->path, r->report.owner_pid);
	return r->impatient = true;
}

/* Who shares the transaction takes the new file up at once. */
static int share(struct view *v)
{
	int err = shared_session() ? sharing_add(v) : 0;

	if (!err)
		return 0;
	if (!v->shared) {
		journal_discard(v->journal.fd, v->journal.path, false);
		journal_close(&v->journal);
		v->mode = VIEW_READING;
	}
	return err;
}

static int become_writer(struct view *v, struct attach_request *r)
{
	int old = v->fd, err, fd = open_anew(r, O_RDWR);

	if (fd < 0)
		return fd;
	names_look_at(v);
	v->fd = fd;
	err = take_journal(v, r);
	if (err) {
		v->fd = old;
		sys_close(fd);
		return err;
	}
	sys_close(old);
	return share(v);
}

static int new_view(struct attach_request *r)
{
	struct stat st;
	int err = 0, fd = open_anew(r, O_RDONLY);

	if (fd < 0)
		return fd;
	if (!r->write)
		err = settle_for_reading(r);
	if (!err)
		err = sys_fstat(fd, &st);
	if (!err)
		r->view = view_create(fd, r->path, &st, VIEW_READING);
	if (!err && !r->view)
		err = -ENOMEM;
	if (err) {
		sys_close(fd);
		return err;
	}
	home_learn_largest(r->view);
	r->view->tracker = tracker;
	return tracker->attach(r->view);
}

/* The view that there is, or that comes with the transaction of those who have the file too. */
static int find_view(struct attach_request *r)
{
	int err;

	r->view = view_find(r->dev, r->ino);
	if (r->view && (!r->write || r->view->mode != VIEW_READING))
		return 0;
	err = r->alone ? 0 : join_owners(r->dev, r->ino, r->write, &r->ask);
	if (!err && shared_session())
		err = adopt_all();
	r->view = view_find(r->dev, r->ino);
	/* Who only reads, and cannot see the transaction, sees what is committed. */
	return err == -EBUSY && !r->write ? 0 : err;
}

/* In a forked child, where it had only its parent's. */
static int give_descriptor(struct view *v, const struct attach_request *r)
{
	int fd;

	if (v->fd >= 0 || v->mode != VIEW_READING)
		return 0;
	fd = open_anew(r, O_RDONLY);
	if (fd < 0)
		return fd;
	v->fd = fd;
	return 0;
}

/* Others may have the file open without a view: unless a window looks into ours we do it as they do. */
static int become_unnamed(struct view *v)
{
	dev_t dev = v->dev;
	ino_t ino = v->ino;

	v->mode = VIEW_UNLINKED;
	giveup_unnamed(NULL);
	return view_exists(dev, ino) ? 0 : ATTACH_UNNAMED;
}

static int attach_anchored(struct attach_request *r)
{
	struct stat st;
	int err = sys_fstat(r->anchor, &st);

	if (err)
		return err;
	if (st.st_dev != r->dev || st.st_ino != r->ino)
		return ATTACH_OTHER_FILE;
	/* A writer that came now would have a transaction of this file alone. */
	if (r->write && control_has_ended()) {
		r->view = view_find(r->dev, r->ino);
		return r->view && r->view->fd >= 0 ? 0 : -ECANCELED;
	}
	err = find_view(r);
	if (!err && !r->view)
		err = new_view(r);
	if (!err)
		err = give_descriptor(r->view, r);
	if (err)
		return err;
	if (!r->write || r->view->mode != VIEW_READING)
		return 0;
	/* Nobody will ever look for it again: there is nothing to make durable. */
	if (st.st_nlink == 0)
		return become_unnamed(r->view);
	return become_writer(r->view, r);
}

int attach_job(void *request)
{
	struct attach_request *r = request;
	int err;

	giveup_some();
	/* The program may have closed it since it asked. */
	r->anchor = open_anchor(r);
	if (r->anchor < 0)
		return r->anchor;
	err = attach_anchored(r);
	sys_close(r->anchor);
	if (!err)
		view_hold(r->view);
	return err;
}

static int attach_with_room(struct attach_request *r)
{
	int err = engine_run(attach_job, r);

	if ((err == -EMFILE || err == -ENFILE || err == -ENOMEM) && !engine_run(giveup_all, NULL))
		err = engine_run(attach_job, r);
	/* It is our table that is full, not the program's. */
	return err == -EMFILE ? -ENFILE : err;
}

int attach_run(struct attach_request *r)
{
	int err, asked = 0;

	while ((err = attach_with_room(r)) == ATTACH_ASK) {
		/* All who open a file meanwhile wait for us: who is stopped is asked again later. */
		bool stopped = r->write && proc_is_stopped(r->ask.pid);

		err = asked++ < LARGEST_CROWD && !stopped ? join_ask(&r->ask) : -EBUSY;
		/* One that is leaving has no answer, and is soon gone. */
		if (asked > 1)
			sys_sleep_ms(1);
		/* Who only reads, and cannot see the transaction, sees what is committed. */
		r->alone = err == -EBUSY && !r->write;
		if (err && !r->alone)
			break;
	}
	return err;
}

/* Somebody has had it meanwhile: what we have of it is old, and would take back what was committed. */
static bool has_changed(const struct view *v)
{
	struct stat st;

	return sys_fstat(v->fd, &st) || (uint64_t)st.st_size != v->left_size || st.st_mtim.tv_sec != v->left_time.tv_sec ||
	       st.st_mtim.tv_nsec != v->left_time.tv_nsec;
}

int reattach_job(void *arg)
{
	bool left = shared_session() && shared_me()->state != SLOT_TAKEN;
	int err = sharing_return();

	if (left)
		control_resume();
	if (left || err)
		return err;
	for (struct view *v = view_first(); v; v = v->next) {
		struct attach_request r = { .path = v->path };
		uint64_t size = v->size, file_end = v->file_end, zero_end = v->zero_end;

		if (v->mode != VIEW_READING || !v->left)
			continue;
		v->left = false;
		if (take_journal(v, &r)) {
			sharing_lose(v);
			err = -EBUSY;
			continue;
		}
		if (has_changed(v)) {
			v->error = err = -ESTALE;
			log_error("%s: let go for an exec that failed, and somebody else has changed it since; its next commits fail", v->path);
		}
		/* A child that is forked next takes it too. */
		if (v->shared)
			journal_share_lock(v->journal.fd);
		v->size = size;
		v->file_end = file_end;
		v->zero_end = zero_end;
	}
	control_resume();
	spare_hold();
	return err;
}
