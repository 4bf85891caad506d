/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See join.h. */
#include "join.h"

#include <stdlib.h>

#include "config.h"
#include "control.h"
#include "controlfile.h"
#include "engine.h"
#include "fmt.h"
#include "folder.h"
#include "log.h"
#include "moving.h"
#include "proc.h"
#include "sharing.h"
#include "sys.h"

#define ANSWER_MS 2000
#define LOCK_MS 5000
#define LOOKS 1000
#define GLANCE_MS 20

static struct lock attaching = LOCK_INIT;

void join_after_fork(void)
{
	lock_reset(&attaching);
}

static bool is_holder_stopped(int fd)
{
	struct flock holder = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !sys_fcntl(fd, F_GETLK, (long)&holder) && holder.l_type != F_UNLCK && holder.l_pid > 0 && proc_is_stopped((uint32_t)holder.l_pid);
}

/* A lock of the process: not inherited by fork, gone with its end. */
int join_lock(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char folder[200], path[220];
	int fd = -ENOENT;

	lock_take(&attaching);
	if (config.view == VIEW_KIND_PRIVATE || controlfile_folder(folder, sizeof folder))
		return -1;
	fmt_print(path, sizeof path, "%s/lock", folder);
	fd = sys_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* Who is stopped, or stops, with it in hand must not stop us all. */
	for (unsigned ms = 0; fd >= 0 && ms < LOCK_MS && sys_fcntl(fd, F_SETLK, (long)&whole) == -EAGAIN; ms++) {
		if (ms % GLANCE_MS == GLANCE_MS - 1 && is_holder_stopped(fd))
			break;
		sys_sleep_ms(1);
	}
	return fd;
}

void join_unlock(int lock)
{
	if (lock >= 0)
		sys_close(lock);
	lock_release(&attaching);
}

int join_ask(const struct join_request *request)
{
	struct control_page *p;
	int err = controlfile_map(request->pid, &p);

	if (!err && request->op == CONTROL_JOIN)
		p->join = (uint32_t)sys_getpid();
	if (!err) {
		/* What has been stored until now may take long to be put where we can see it. */
		err = controlfile_ask_patiently(p, request->op, ANSWER_MS);
		controlfile_unmap(p);
	}
	/* It has ended meanwhile: the way is free. */
	if (err == -ESRCH || err == -ENOENT)
		return 0;
	if (err == -EBUSY && request->op == CONTROL_JOIN)
		log_warn_once("process %u shares another transaction with others, as this one does, and two cannot become one: start "
			      "them with the same files", request->pid);
	return err == -EINPROGRESS || err == -ETIMEDOUT ? -EBUSY : err;
}

static int share_with(const struct control_page *p, struct join_request *request)
{
	bool have = shared_session() != NULL;

	if (have && p->session == shared_id)
		return 0;
	log_debug("process %u has the file too", p->pid);
	if (have && p->session) {
		int err = moving_enter(p->pid, p->engine, p->session_fd);

		if (err != -EBUSY)
			return err;
	}
	if (p->session && !have)
		return sharing_enter(p->pid, p->engine, p->session_fd);
	*request = (struct join_request){ p->pid, have ? CONTROL_JOIN : CONTROL_SHARE };
	return JOIN_ASK;
}

static bool has_id(const struct control_page *p, uint64_t id, uint64_t other)
{
	for (uint32_t i = 0; i < p->file_count && i < CONTROL_IDS; i++) {
		if (p->ids[i] == id || p->ids[i] == other)
			return true;
	}
	return false;
}

/* What is looked for. */
struct search {
	int folder;
	uint64_t namespace;
	dev_t dev;
	ino_t ino;
	bool write;
	struct join_request *request;
};

/* The list may be changing; one whose owner died over it never comes to rest. */
static bool concerns(const struct control_page *p, const struct search *s)
{
	uint64_t written = control_id(s->dev, s->ino, true), read = control_id(s->dev, s->ino, !s->write);

	for (int i = 0; i < LOOKS; i++) {
		uint32_t before = __atomic_load_n(&p->sequence, __ATOMIC_SEQ_CST);

		if (has_id(p, written, read))
			return true;
		if (!(before & 1) && before == __atomic_load_n(&p->sequence, __ATOMIC_SEQ_CST))
			return false;
		sys_call(SYS_sched_yield);
	}
	return false;
}

/* Whoever could not be looked at for want of these may have the file. */
static int if_in_want(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM ? err : 0;
}

static int look_at(uint32_t pid, const struct search *s)
{
	struct control_page *p;
	int err = controlfile_map_in(s->folder, pid, &p);

	if (err)
		return if_in_want(err);
	/* The cheap question first: there may be many. */
	if (p->pid_namespace == s->namespace && sys_call(SYS_kill, pid, 0) == -ESRCH)
		controlfile_sweep(s->folder, pid);
	else if (p->pid_namespace == s->namespace && concerns(p, s)) {
		if (proc_is_alive(pid, p->start_time))
			err = share_with(p, s->request);
		else
			controlfile_sweep(s->folder, pid);
	}
	controlfile_unmap(p);
	return err == -ESRCH || err == -ENOENT ? 0 : err;
}

static int look_at_name(void *search, const char *name)
{
	uint32_t pid = (uint32_t)strtoul(name, NULL, 10);

	return pid && pid != (uint32_t)sys_getpid() ? look_at(pid, search) : 0;
}

int join_owners(dev_t dev, ino_t ino, bool write, struct join_request *request)
{
	struct search search = { -1, 0, dev, ino, write, request };
	struct stat st;
	int err;

	if (config.view == VIEW_KIND_PRIVATE || sys_stat("/proc/self/ns/pid", &st))
		return 0;
	search.namespace = st.st_ino;
	search.folder = controlfile_open_folder();
	if (search.folder < 0)
		return if_in_want(search.folder);
	err = folder_each(search.folder, look_at_name, &search);
	sys_close(search.folder);
	return err;
}

static int offer(void)
{
	return config.view == VIEW_KIND_PRIVATE ? -EBUSY : sharing_offer();
}

/* Another one wants us in its session. */
static int come(void)
{
	uint32_t pid = control_join_pid();
	struct control_page *p;
	int err = config.view == VIEW_KIND_PRIVATE ? -EBUSY : controlfile_map(pid, &p);

	if (err)
		return err;
	if (!p->session)
		err = -EBUSY;
	else if (shared_session())
		err = p->session == shared_id ? 0 : moving_enter(p->pid, p->engine, p->session_fd);
	else
		err = sharing_enter(p->pid, p->engine, p->session_fd);
	controlfile_unmap(p);
	return err;
}

void join_start(void)
{
	engine_on_share = offer;
	engine_on_join = come;
}
