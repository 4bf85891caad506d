/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See adopt.h. */
#include "adopt.h"

#include <stddef.h>

#include "journal_lock.h"
#include "log.h"
#include "memory.h"
#include "parking.h"
#include "promote.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

/* A descriptor of the file that one of the others has. */
static int open_of_others(unsigned file, int flags, size_t which)
{
	struct shared_session *s = shared_session();
	int fd = -ESRCH;

	for (unsigned i = 0; i < s->slots && fd < 0; i++) {
		const struct shared_participant *p = &s->participants[i];

		if (p->state == SLOT_TAKEN && p != shared_me() && p->places[file].attached)
			fd = shared_open_of(p->pid, p->tid, *(const int32_t *)((const char *)&p->places[file] + which), flags);
	}
	return parking_put(fd);
}

static int open_journal(struct view *v, unsigned file)
{
	const struct shared_file *f = &shared_session()->files[file];
	int err = 0, fd = open_of_others(file, O_RDWR, offsetof(struct shared_place, journal_fd));

	if (fd >= 0)
		err = journal_share_lock(fd);
	if (err) {
		sys_close(fd);
		return err;
	}
	if (fd < 0)
		return fd;
	err = journal_adopt(&v->journal, fd, f->journal_path);
	v->journal.generation = f->journal.generation;
	return err;
}

int adopt_descriptors(struct view *v, unsigned file, int *memory)
{
	int err = 0, fd = open_of_others(file, O_RDWR, offsetof(struct shared_place, file_fd));

	if (fd < 0)
		return fd;
	*memory = open_of_others(file, O_RDWR, offsetof(struct shared_place, memory_fd));
	if (*memory < 0)
		err = *memory;
	if (!err && shared_session()->files[file].mode == VIEW_WRITING)
		err = open_journal(v, file);
	if (err) {
		sys_close(fd);
		if (*memory >= 0)
			sys_close(*memory);
		return err;
	}
	if (v->fd >= 0)
		sys_close(v->fd);
	v->fd = fd;
	return 0;
}

static int adopt(unsigned file, struct view *v)
{
	const struct shared_file *f = &shared_session()->files[file];
	struct stat st = { .st_dev = f->dev, .st_ino = f->ino, .st_size = (off_t)f->committed };
	int memory, err;

	if (!v)
		v = view_create(-1, f->path, &st, VIEW_READING);
	err = v ? 0 : -ENOMEM;
	if (!err && !v->tracker) {
		v->tracker = tracker;
		err = tracker->attach(v);
	}
	if (!err)
		err = adopt_descriptors(v, file, &memory);
	if (!err) {
		v->zero_end = f->zero_end;
		err = memory_adopt(v, memory, file);
	}
	/* Whoever brought it has died. */
	if (err && f->unsettled)
		return 0;
	if (err) {
		log_error("%s: a transaction of other processes cannot be joined: %e; end them or this one", f->path, err);
		return err;
	}
	v->shared_use = f->use;
	shared_pull(v);
	promote_segments(v);
	shared_push_place(v);
	return 0;
}

int adopt_all(void)
{
	struct shared_session *s = shared_session();
	int err = 0;

	for (unsigned i = 0; i < s->file_count; i++) {
		const struct shared_file *f = &s->files[i];
		struct view *v = view_find(f->dev, f->ino);
		int failed;

		if ((v && v->shared) || !f->in_use)
			continue;
		failed = adopt(i, v);
		err = err ? err : failed;
	}
	return err;
}
