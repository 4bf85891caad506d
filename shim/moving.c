/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See moving.h. */
#include "moving.h"

#include <linux/falloc.h>

#include "adopt.h"
#include "arena.h"
#include "loaders.h"
#include "log.h"
#include "participants.h"
#include "repair.h"
#include "session_lock.h"
#include "sharing.h"
#include "sys.h"

/* The other session. */
struct target {
	struct shared_session *session;
	int fd;
	int slot;
};

static bool may_leave(void)
{
	struct shared_session *s = shared_session();

	/* A file that we could not take up is a part of the transaction that nobody has any more. */
	return shared_takes_part && !s->closed && !s->damaged && !s->aborting && !participants_others() && !participants_coming() && !adopt_all();
}

static bool has_file(const struct shared_session *s, const struct view *v)
{
	for (unsigned i = 0; i < s->file_count; i++) {
		if (s->files[i].in_use && s->files[i].dev == v->dev && s->files[i].ino == v->ino)
			return true;
	}
	return false;
}

/* Nothing of it is in use as long as the slot's file is not. */
static void copy_dirty(const struct dirtymap *from, struct dirtymap *to, uint64_t end)
{
	struct range run;
	uint64_t at = 0;

	while (dirtymap_next(from, &at, end, &run))
		dirtymap_set(to, run.start, run.end);
}

/* A number for v over there, with all that is dirty in it.  Undone by nobody: the number is free until it is in use. */
static int prepare_file(const struct view *v, const struct target *t, struct dirtymap *dirty, struct loadmap *loads, unsigned *file)
{
	int n = has_file(t->session, v) ? -EBUSY : shared_find_file(t->session), err;

	if (n < 0)
		return n;
	*file = (unsigned)n;
	*dirty = (struct dirtymap){ 0 };
	err = loadmap_map(loads, t->fd, *file, v->memory.loads.end);
	if (err)
		return err;
	err = dirtymap_map(dirty, t->fd, *file, v->memory.room);
	if (!err)
		copy_dirty(&v->memory.dirty, dirty, v->zero_end);
	else
		loadmap_unmap(loads);
	return err;
}

static void register_file(const struct view *v, const struct target *t, unsigned file)
{
	struct shared_file *f = &t->session->files[file];

	f->use++;
	f->dev = v->dev;
	f->ino = v->ino;
	f->unsettled = 1;
	f->undeclared = shared_file_of(v)->undeclared;
	f->load_room = v->memory.loads.end;
	f->load_end = shared_file_of(v)->load_end;
	f->hand = f->leaving[0] = f->leaving[1] = 0;
	__atomic_store_n(&f->in_use, 1, __ATOMIC_SEQ_CST);
}

/* What is to become of a view. */
struct passage {
	struct view *view;
	struct dirtymap dirty;
	struct loadmap loads;
	unsigned file;
};

static unsigned count_shared(void)
{
	unsigned n = 0;

	for (struct view *v = view_first(); v; v = v->next)
		n += v->shared != 0;
	return n;
}

static void undo(const struct target *t, struct passage *passages, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		dirtymap_unmap(&passages[i].dirty);
		loadmap_unmap(&passages[i].loads);
		t->session->files[passages[i].file].unsettled = t->session->files[passages[i].file].in_use = 0;
	}
}

static int prepare(const struct target *t, struct passage *passages, unsigned *count)
{
	int err = 0;

	for (struct view *v = view_first(); v && !err; v = v->next) {
		struct passage *p = &passages[*count];

		if (!v->shared)
			continue;
		p->view = v;
		err = prepare_file(v, t, &p->dirty, &p->loads, &p->file);
		if (!err) {
			register_file(v, t, p->file);
			++*count;
		}
	}
	return err;
}

/*
 * Nobody is loading, but threads may be looking at what is loaded: here or there, it says the same.  So what they look at stays mapped, as the
 * old session does; of the map, which is emptied in the end, it can only be seen then that something is not loaded, which is asked again.
 */
static void exchange_loads(struct view *v, const struct loadmap *fresh, struct shared_file *f)
{
	struct loadmap to = *fresh;

	loadmap_copy(&v->memory.loads, &to, shared_fd, v->shared - 1);
	__atomic_store_n(&v->memory.loads.words, to.words, __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->memory.load_end, &f->load_end, __ATOMIC_SEQ_CST);
}

/* From here on the old session is nothing but a lock that other threads may still wait for. */
static void change(const struct target *t, struct passage *passages, unsigned count)
{
	struct shared_session *old = shared_session();
	int old_fd = shared_fd;

	for (unsigned i = 0; i < count; i++)
		exchange_loads(passages[i].view, &passages[i].loads, &t->session->files[passages[i].file]);
	old->closed = 1;
	shared_set(t->session, t->fd, (unsigned)t->slot);
	for (unsigned i = 0; i < count; i++) {
		struct view *v = passages[i].view;

		dirtymap_unmap(&v->memory.dirty);
		v->memory.dirty = passages[i].dirty;
		v->shared_use = t->session->files[passages[i].file].use;
		v->shared = passages[i].file + 1;
		shared_push(v);
		shared_tell(v);
		shared_show(v);
	}
	sharing_take_slot(shared_me());
	session_lock_moved();
	sys_fallocate(old_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, DIRTYMAP_BASE, SHARED_FILES * DIRTYMAP_ROOM);
	sys_close(old_fd);
}

static int move(const struct target *t)
{
	unsigned wanted = count_shared(), count = 0;
	struct passage *passages = arena_alloc((wanted + 1) * sizeof *passages);
	int err = passages ? prepare(t, passages, &count) : -ENOMEM;

	if (!err && !loaders_pause())
		err = -EBUSY;
	if (!err)
		change(t, passages, count);
	else
		undo(t, passages, count);
	loaders_go_on();
	arena_free(passages, (wanted + 1) * sizeof *passages);
	return err;
}

static int settle_in(void)
{
	int err, failed;

	participants_take_over();
	err = adopt_all();
	failed = sharing_tell_others();

	if (shared_session()->damaged)
		repair_session();
	log_debug("moved into another transaction, with what is changed here");
	return err ? err : failed;
}

int moving_enter(uint32_t pid, uint32_t tid, int session_fd)
{
	struct target t;
	int err;

	if (!may_leave())
		return -EBUSY;
	t.fd = shared_open_of(pid, tid, session_fd, O_RDWR);
	if (t.fd < 0)
		return t.fd;
	err = shared_map(t.fd, &t.session);
	if (err) {
		sys_close(t.fd);
		return err;
	}
	session_lock_join(t.session);
	t.slot = sharing_is_living(t.session) ? shared_find_slot(t.session) : -ESRCH;
	err = t.slot < 0 ? t.slot : move(&t);
	if (!err)
		return settle_in();
	session_lock_unjoin();
	sys_munmap(t.session, sizeof *t.session);
	sys_close(t.fd);
	return err;
}
