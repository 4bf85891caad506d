/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See join.h. */
#include "join.h"

#include <stdlib.h>

#include "config.h"
#include "control.h"
#include "controlfile.h"
#include "engine.h"
#include "fmt.h"
#include "log.h"
#include "sharing.h"
#include "sys.h"

#define ANSWER_MS 2000
#define GLANCE_MS 10
#define LOCK_MS 5000
#define NAMES 4096

static struct lock attaching = LOCK_INIT;

void join_after_fork(void)
{
	lock_reset(&attaching);
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
	/* Who stops with it in hand must not stop us all. */
	for (unsigned ms = 0; fd >= 0 && ms < LOCK_MS && sys_fcntl(fd, F_SETLK, (long)&whole) == -EAGAIN; ms++)
		sys_sleep_ms(1);
	return fd;
}

void join_unlock(int lock)
{
	if (lock >= 0)
		sys_close(lock);
	lock_release(&attaching);
}

static int ask(struct control_page *p, enum control_op op)
{
	uint32_t ticket = __atomic_add_fetch(&p->requested[op], 1, __ATOMIC_SEQ_CST);
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC);
	struct timespec glance = { 0, GLANCE_MS * 1000000 };

	__atomic_add_fetch(&p->doorbell, 1, __ATOMIC_SEQ_CST);
	sys_futex_wake(&p->doorbell, 1);
	for (;;) {
		uint32_t answered = __atomic_load_n(&p->answered[op], __ATOMIC_SEQ_CST);

		if ((int32_t)(answered - ticket) >= 0)
			return p->results[op][ticket % CONTROL_RESULTS];
		if (!shared_is_alive(p->pid, p->start_time))
			return -ESRCH;
		if (sys_now_ns(CLOCK_MONOTONIC) - start > ANSWER_MS * UINT64_C(1000000))
			return -EBUSY;
		sys_futex_wait(&p->answered[op], answered, &glance);
	}
}

static int share_with(struct control_page *p)
{
	int err;

	if (!shared_session()) {
		err = ask(p, CONTROL_SHARE);
		return err ? err : sharing_enter(p->pid, p->engine, p->session_fd);
	}
	if (p->session == shared_id)
		return 0;
	if (p->session) {
		log_error("process %u takes part in another transaction than this one, and two cannot become one: start them "
			  "with the same files", p->pid);
		return -EBUSY;
	}
	/* It looks in our page for where to go. */
	control_note_files();
	p->join = (uint32_t)sys_getpid();
	return ask(p, CONTROL_JOIN);
}

static bool concerns(const struct control_page *p, dev_t dev, ino_t ino, bool write)
{
	for (uint32_t i = 0; i < p->file_count && i < CONTROL_FILES; i++) {
		const struct control_file *f = &p->files[i];

		if (f->dev == dev && f->ino == ino && (write || f->writing))
			return true;
	}
	return false;
}

static int look_at(uint32_t pid, uint64_t namespace, dev_t dev, ino_t ino, bool write)
{
	struct control_page *p;
	int err = 0;

	if (controlfile_map(pid, &p))
		return 0;
	if (p->pid_namespace == namespace && !shared_is_alive(pid, p->start_time))
		controlfile_sweep(pid);
	else if (p->pid_namespace == namespace && concerns(p, dev, ino, write))
		err = share_with(p);
	controlfile_unmap(p);
	/* It has ended meanwhile: the way is free. */
	return err == -ESRCH || err == -ENOENT ? 0 : err;
}

struct entry {
	uint64_t ino;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static int each_name(const char *names, long length, dev_t dev, ino_t ino, bool write, uint64_t namespace)
{
	int err = 0;

	for (long at = 0; at < length && !err;) {
		const struct entry *e = (const struct entry *)(names + at);
		uint32_t pid = (uint32_t)strtoul(e->name, NULL, 10);

		if (pid && pid != (uint32_t)sys_getpid())
			err = look_at(pid, namespace, dev, ino, write);
		at += e->length;
	}
	return err;
}

int join_owners(dev_t dev, ino_t ino, bool write)
{
	_Alignas(struct entry) char names[NAMES];
	char folder[200];
	struct stat st;
	long n = 0;
	int fd, err = 0;

	if (config.view == VIEW_KIND_PRIVATE || controlfile_folder(folder, sizeof folder) ||
	    sys_stat("/proc/self/ns/pid", &st))
		return 0;
	fd = sys_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	while (!err && (n = sys_call(SYS_getdents64, fd, names, sizeof names)) > 0)
		err = each_name(names, n, dev, ino, write, st.st_ino);
	sys_close(fd);
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
	if (shared_session())
		err = p->session == shared_id ? 0 : -EBUSY;
	else
		err = p->session ? sharing_enter(p->pid, p->engine, p->session_fd) : -EBUSY;
	controlfile_unmap(p);
	return err;
}

void join_start(void)
{
	engine_on_share = offer;
	engine_on_join = come;
}
