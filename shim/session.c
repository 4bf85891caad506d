/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See session.h: which file, whose transaction, when the process ends. */
#include "session.h"

#include <string.h>

#include "aside.h"
#include "attach.h"
#include "config.h"
#include "control.h"
#include "detach.h"
#include "engine.h"
#include "fault.h"
#include "fds.h"
#include "fmt.h"
#include "join.h"
#include "log.h"
#include "marks.h"
#include "participants.h"
#include "pathroom.h"
#include "sharing.h"
#include "sys.h"
#include "whichfile.h"

#define RETRY_MS 20

static pid_t home_process;

void session_start(void)
{
	home_process = sys_getpid();
	sharing_start();
	join_start();
}

bool session_is_here(void)
{
	return home_process == sys_getpid();
}

/* NOT_OURS for what cannot be marked: no descriptor, no regular file - which is remembered. */
static int status_of(int fd, struct stat *st)
{
	uint32_t ticket = fds_ticket(fd);
	int err = whichfile_status(fd, st);

	if (!err && !S_ISREG(st->st_mode)) {
		if (session_is_here())
			fds_learn(fd, ticket, FD_PLAIN);
		return NOT_OURS;
	}
	if (err && err != -EBADF)
		log_error("descriptor %d: whether it is of a marked file cannot be found out: %e; the call on it fails", fd, err);
	return err == -EBADF ? NOT_OURS : err;
}

/* By its name: is fd marked?  Remembers the answer.  path: PATH_MAX bytes for the name. */
static int learn_by_name(int fd, uint32_t ticket, const struct stat *st, char *path, bool *marked)
{
	int err = whichfile_name(fd, st, path);

	if (err)
		return err;
	*marked = st->st_nlink > 0 && aside_is_marked(path);
	fds_learn(fd, ticket, *marked ? FD_MARKED : FD_PLAIN);
	return 0;
}

/* A view that was given up, while the program had the file open, comes back: others may write the file meanwhile. */
static bool may_have_gone(int fd)
{
	return view_some_went && config.view != VIEW_KIND_PRIVATE && fds_kind(fd) == FD_MARKED && session_is_here();
}

static void remember(int fd, uint32_t ticket, const struct stat *st)
{
	PATH_ROOM(path);
	bool marked;

	learn_by_name(fd, ticket, st, path, &marked);
}

int session_find_view(int fd, struct view **view)
{
	uint32_t ticket = fds_ticket(fd);
	struct stat st;
	int err;

	*view = NULL;
	if (!view_any() || fd < 0 || fds_is_plain(fd))
		return 0;
	err = status_of(fd, &st);
	if (err)
		return err < 0 ? err : 0;
	*view = view_get(st.st_dev, st.st_ino);
	/* A vforked child shares our memory, but not our descriptors. */
	if (!*view && fds_kind(fd) == FD_UNKNOWN && session_is_here())
		remember(fd, ticket, &st);
	/* What cannot be attached even for reading the kernel can read. */
	if (!*view && st.st_nlink > 0 && may_have_gone(fd) && session_view_of(fd, false, view))
		*view = NULL;
	return 0;
}

bool session_waits(uint64_t start)
{
	sys_sleep_ms(RETRY_MS);
	return sys_now_ns(CLOCK_MONOTONIC) - start < config.wait_ms * UINT64_C(1000000);
}

/* Attaches, waiting for another writer, or for a recovery that is not ours, as long as BIGFILE_WAIT allows.  *view: in hand. */
static int attach(pid_t thread, int fd, const struct stat *file, const char *path, bool write, struct view **view)
{
	struct attach_request r = { .thread = thread, .fd = fd, .path = path, .write = write, .dev = file->st_dev,
				    .ino = file->st_ino };
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC);
	struct stat journal;
	int err, lock;

	do {
		err = fault_claim();
		lock = join_lock();
		if (!err)
			err = attach_run(&r);
		join_unlock(lock);
	} while ((err == -EBUSY || (err && r.report.awaited)) && (session_waits(start) || attach_waits_no_more(&r, err)));
	*view = err ? NULL : r.view;
	if (*view)
		view_is_handed();
	if (!err || err == ATTACH_OTHER_FILE || err == -ECANCELED)
		return err;
	if (err == ATTACH_UNNAMED)
		return NOT_OURS;
	if (r.report.reason[0] || (err == -EBUSY && r.report.owner_pid) || (err == -EPERM && !sys_lstat(r.report.journal, &journal)))
		recover_explain(path, &r.report, err);
	else
		recover_explain_attach(path, &r.report, err, write);
	if (config.on_error == ON_ERROR_WARN) {
		log_warn("%s: used WITHOUT transactions, as BIGFILE_ON_ERROR=warn allows", path);
		return NOT_OURS;
	}
	return err;
}

void session_say_orphan(const struct view *v)
{
	log_warn_once("%s: inherited over fork: what this child stores stays its own and is never committed", v->path);
}

/* One for reading that was inherited over fork has no descriptor until the engine opens one.  What is written when all is decided goes where
   stores go: into memory, and no further. */
static bool serves(const struct view *v, bool write)
{
	return v && (v->mode != VIEW_READING || (v->fd >= 0 && (!write || control_has_ended())));
}

/* There is no view that serves: the one that is there, for reading, is given back. */
static int view_by_name(int fd, uint32_t ticket, const struct stat *st, bool write, struct view **view)
{
	PATH_ROOM(path);
	bool marked = true;
	int err = 0;

	/* A vforked child shares our memory, and so the views that are there; it cannot make one. */
	if (*view)
		fmt_print(path, PATH_MAX, "%s", (*view)->path);
	else if (session_is_here())
		err = learn_by_name(fd, ticket, st, path, &marked);
	view_put(*view);
	*view = NULL;
	if (err || !marked || !session_is_here())
		return err ? err : NOT_OURS;
	return attach(sys_gettid(), fd, st, path, write, view);
}

int session_view_of(int fd, bool write, struct view **view)
{
	uint32_t ticket = fds_ticket(fd);
	struct stat st;
	int err;

	*view = NULL;
	if (!marks_any() || fd < 0 || fds_is_plain(fd))
		return NOT_OURS;
	err = status_of(fd, &st);
	if (err)
		return err;
	*view = view_get(st.st_dev, st.st_ino);
	if (*view && (*view)->mode == VIEW_ORPHAN)
		session_say_orphan(*view);
	if (serves(*view, write))
		return 0;
	err = view_by_name(fd, ticket, &st, write, view);
	/* Another thread has put another file there meanwhile. */
	if (err == ATTACH_OTHER_FILE)
		return session_view_of(fd, write, view);
	if (err == NOT_OURS)
		fds_learn(fd, ticket, FD_PLAIN);
	/* Descriptors by another name were plain until now. */
	if (!err && st.st_nlink > 1)
		fds_forget_all();
	return err;
}

int session_make_writer(struct view *v)
{
	struct stat file = { .st_dev = v->dev, .st_ino = v->ino };
	IN_HAND struct view *same = NULL;
	int err;

	if (v->mode != VIEW_READING)
		return 0;
	err = session_is_here() ? attach(0, v->fd, &file, v->path, true, &same) : -EACCES;
	if (err == ATTACH_OTHER_FILE)
		log_error("%s: is another file by now than the one that this process has mapped; to store to that, open and map it anew", v->path);
	return err > 0 ? -EACCES : err;
}

int session_is_marked(int fd, char *path, bool *marked, bool *has_view)
{
	uint32_t ticket = fds_ticket(fd);
	struct stat st;
	int err;

	*marked = *has_view = false;
	if (!marks_any() || fd < 0 || fds_is_plain(fd) || !session_is_here())
		return 0;
	err = status_of(fd, &st);
	if (err)
		return err < 0 ? err : 0;
	*has_view = view_exists(st.st_dev, st.st_ino);
	*marked = *has_view;
	return *has_view ? 0 : learn_by_name(fd, ticket, &st, path, marked);
}

/* To who ends the process once more, and would have it committed. */
static int told_before;
/* For an exec deletions are taken back before it is tried: should it fail, the rest of the transaction goes with them. */
static bool gave_back;

static bool has_removals(void)
{
	const struct view *v = view_first();

	while (v && !view_is_aside(v))
		v = v->next;
	return v != NULL;
}

struct ending {
	bool commit;
	bool exits;
	int status;
};

static void say_rolled_back(const struct ending *ending)
{
	const struct view *v = view_first();

	while (v && v->mode != VIEW_WRITING)
		v = v->next;
	if (v)
		log_info("what was not committed is rolled back: exit status %d%s", ending->status,
			 config.exit == EXIT_POLICY_ABORT ? ", and BIGFILE_EXIT=abort" : "");
}

/* Without a file that an exec has let go, and that could not be taken back, it would be a part of the transaction. */
static int refuse_lost(void)
{
	for (const struct view *v = view_first(); v; v = v->next) {
		if (v->mode == VIEW_ORPHAN && v->error == -ESTALE)
			return v->error;
	}
	return 0;
}

/*
 * As long as others share the transaction it is theirs to end.  In one job with letting go: nobody can enter and leave
 * in between, whose stores would be decided by nobody.
 */
static int end_job(void *arg)
{
	const struct ending *ending = arg;
	int err = 0, decision;

	/* exit() after an exec that failed decides anew; _exit() after exit() does not, nor does another thread's. */
	if (control_has_ended())
		return ending->commit && ending->exits ? told_before : 0;
	if (!participants_others() && participants_coming())
		return -EINPROGRESS;
	/* Rolling back is letting go: nothing of the transaction is in the file, and dropping its pages
	   would pull the memory from under a program that is still on its way out. */
	if (participants_others()) {
		decision = -ESRCH;
	} else if (ending->commit) {
		decision = err = refuse_lost() ? -ESTALE : control_commit();
	} else {
		decision = -ECANCELED;
		say_rolled_back(ending);
	}
	/* The program that would come next, and whoever waits for it, would know nothing of it. */
	if (err && !ending->exits)
		return err;
	/* The line of the commit says that the transaction stays open. */
	if (err)
		log_error("the program ends: what could not be committed is rolled back");
	told_before = decision == -ESRCH ? 0 : decision;
	gave_back = decision == -ECANCELED && !ending->exits && has_removals();
	control_end(decision);
	detach(ending->exits);
	return err;
}

int session_end(int status, bool exits)
{
	struct ending ending = {
		config.exit == EXIT_POLICY_COMMIT || (config.exit == EXIT_POLICY_SUCCESS && status == 0),
		exits,
		status,
	};
	int err;

	if (!session_is_here() || !engine_is_started())
		return 0;
	fault_last_thread();
	/* A child that we have just forked opens its files from us: who leaves too soon leaves it nothing. */
	while ((err = engine_run_if_started(end_job, &ending)) == -EINPROGRESS)
		sys_sleep_ms(1);
	if (!err || exits)
		control_stop();
	return err;
}

static int return_job(void *arg)
{
	int err, failed;

	control_goes_on();
	err = reattach_job(NULL);
	if (gave_back) {
		log_warn("an exec has failed: the files that were deleted in the transaction have been given back for it, as BIGFILE_EXIT has it, and "
			 "so all of it is rolled back");
		failed = control_abort();
		err = err ? err : failed;
	}
	gave_back = false;
	return err;
}

void session_reattach(void)
{
	if (session_is_here())
		engine_run_if_started(return_job, NULL);
}

void session_is_anew(void)
{
	home_process = sys_getpid();
	control_goes_on();
}
