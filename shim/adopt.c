/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See adopt.h. */
#include "adopt.h"

#include <stddef.h>

#include "handover.h"
#include "journal_lock.h"
#include "lease.h"
#include "log.h"
#include "memory.h"
#include "parking.h"
#include "promote.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

static int open_from(const struct shared_participant *p, const struct shared_place *place, size_t which)
{
	return shared_open_of(p->pid, p->tid, *(const int32_t *)((const char *)place + which), O_RDWR);
}

/* A descriptor of the file that one of the others has, or had when he sent it; *place: as told there. */
static int open_of_others(unsigned file, size_t which, const struct shared_place **place)
{
	struct shared_session *s = shared_session();
	int fd = -ESRCH;

	for (unsigned i = 0; i < s->slots && fd < 0; i++) {
		const struct shared_participant *p = &s->participants[i];

		if (p->state != SLOT_TAKEN || p == shared_me() || !p->places[file].attached)
			continue;
		*place = &p->places[file];
		fd = open_from(p, *place, which);
	}
	if (fd < 0 && handover_find(file)) {
		*place = handover_find(file);
		fd = open_from(shared_me(), *place, which);
	}
	return parking_put(fd);
}

static int open_journal(struct view *v, unsigned file)
{
	const struct shared_file *f = &shared_session()->files[file];
	const struct shared_place *place;
	int err = 0, fd = open_of_others(file, offsetof(struct shared_place, journal_fd), &place);

	if (fd >= 0)
		err = journal_share_lock(fd);
	if (!err && fd >= 0)
		err = lease_check_journal(fd, f->journal.header.salt);
	if (err) {
		sys_close(fd);
		return err;
	}
	if (fd < 0)
		return fd;
	err = journal_adopt(&v->journal, fd, f->journal_path);
	/* He may not have followed yet to the one that there is now. */
	v->journal.generation = place->generation;
	return err;
}

int adopt_descriptors(struct view *v, unsigned file, int *memory)
{
	const struct shared_place *place;
	int err = 0, fd = open_of_others(file, offsetof(struct shared_place, file_fd), &place);

	if (fd < 0)
		return fd;
	*memory = open_of_others(file, offsetof(struct shared_place, memory_fd), &place);
	if (*memory < 0)
		err = *memory;
	if (!err && shared_session()->files[file].mode == VIEW_WRITING)
		err = open_journal(v, file);
	if (!err && shared_session()->files[file].mode == VIEW_WRITING)
		err = lease_join(fd, &v->leased);
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
	if (err == -ESRCH || err == -ENOENT) {
		log_error("%s: was brought into this transaction by processes that were killed, and no other has taken it up: continue what is "
			  "stopped, or else abort, for what they stored to it is gone", f->path);
		return -EOWNERDEAD;
	}
	if (err) {
		log_error("%s: a transaction of other processes cannot be joined: %e; end them or this one", f->path, err);
		return err;
	}
	v->shared_use = f->use;
	shared_pull(v);
	promote_segments(v);
	shared_push_place(v);
	handover_taken(file);
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
	if (!err)
		handover_drop();
	return err;
}
