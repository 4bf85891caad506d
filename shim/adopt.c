/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See adopt.h. */
#include "adopt.h"

#include <stddef.h>

#include "giveup.h"
#include "handover.h"
#include "home.h"
#include "journal_lock.h"
#include "lease.h"
#include "log.h"
#include "memory.h"
#include "parking.h"
#include "promote.h"
#include "shared.h"
#include "sys.h"
#include "tracker.h"

static int open_from(const struct shared_participant *p, const struct shared_place *place, size_t which, int flags)
{
	return shared_open_of(p->pid, p->tid, *(const int32_t *)((const char *)place + which), flags);
}

/* A descriptor of the file that one of the others has, or had when he sent it; *place: as told there. */
static int open_of_others(unsigned file, size_t which, int flags, const struct shared_place **place)
{
	struct shared_session *s = shared_session();
	int fd = -ESRCH;

	for (unsigned i = 0; i < s->slots && fd < 0; i++) {
		const struct shared_participant *p = &s->participants[i];

		if (p->state != SLOT_TAKEN || p == shared_me() || !p->places[file].attached)
			continue;
		*place = &p->places[file];
		fd = open_from(p, *place, which, flags);
	}
	if (fd < 0 && handover_find(file)) {
		*place = handover_find(file);
		fd = open_from(shared_me(), *place, which, flags);
	}
	return parking_put(fd);
}

static int open_journal(struct view *v, unsigned file)
{
	const struct shared_file *f = &shared_session()->files[file];
	const struct shared_place *place;
	int err = 0, fd = open_of_others(file, offsetof(struct shared_place, journal_fd), O_RDWR, &place);

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
	int err = 0, fd = open_of_others(file, offsetof(struct shared_place, file_fd), O_RDWR, &place);

	if (fd < 0)
		return fd;
	*memory = open_of_others(file, offsetof(struct shared_place, memory_fd), O_RDWR, &place);
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
	home_learn_largest(v);
	return 0;
}

/* Not without a descriptor: other threads find it from here on, whatever becomes of it. */
static int make_view(unsigned file, struct view **v)
{
	const struct shared_place *place;
	int err, fd = open_of_others(file, offsetof(struct shared_place, file_fd), O_RDONLY, &place);
	struct stat st;

	if (fd < 0)
		return fd;
	err = sys_fstat(fd, &st);
	if (!err)
		*v = view_create(fd, shared_session()->files[file].path, &st, VIEW_READING);
	if (!err && !*v)
		err = -ENOMEM;
	if (err) {
		sys_close(fd);
		return err;
	}
	(*v)->tracker = tracker;
	return tracker->attach(*v);
}

/* All of it, or it is what it was: a view for reading. */
static int take_up(struct view *v, unsigned file)
{
	uint64_t zero_end = v->zero_end;
	int memory, err = adopt_descriptors(v, file, &memory);

	if (!err) {
		v->zero_end = shared_session()->files[file].zero_end;
		err = memory_adopt(v, memory, file);
	}
	if (err) {
		v->zero_end = zero_end;
		journal_close(&v->journal);
	}
	return err;
}

static int adopt(unsigned file, struct view *v)
{
	const struct shared_file *f = &shared_session()->files[file];
	bool is_new = !v;
	int err = v ? 0 : make_view(file, &v);

	if (!err)
		err = take_up(v, file);
	if (err && is_new && v)
		giveup_unfinished(v);
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
	shared_show(v);
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
