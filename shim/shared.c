/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See shared.h. */
#include "shared.h"

#include <linux/falloc.h>
#include <string.h>

#include "arena.h"
#include "dirtymap.h"
#include "fmt.h"
#include "journal_lock.h"
#include "proc.h"
#include "reopen.h"
#include "sys.h"

#define SHARED_MAGIC 0x31534547464942ull /* "BIFGES1" */
#define SHARED_VERSION 5

struct shared_session *shared_current;
int shared_fd = -1;
unsigned shared_slot;
_Atomic bool shared_takes_part;
uint64_t shared_id;

static int init_lock(struct shared_session *s)
{
	pthread_mutexattr_t attributes;
	int err;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	err = -pthread_mutex_init(&s->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return err;
}

static int map(int fd, struct shared_session **session)
{
	void *p = sys_mmap(NULL, sizeof **session, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (sys_is_error(p))
		return sys_error_of(p);
	*session = p;
	return 0;
}

int shared_create(struct shared_session **session, int *fd)
{
	int err;

	*fd = (int)sys_call(SYS_memfd_create, "bigfile-session", MFD_CLOEXEC);
	if (*fd < 0)
		return *fd;
	err = sys_ftruncate(*fd, DIRTYMAP_BASE + SHARED_FILES * DIRTYMAP_ROOM);
	if (!err)
		err = map(*fd, session);
	if (!err)
		err = init_lock(*session);
	if (err) {
		sys_close(*fd);
		return err;
	}
	(*session)->version = SHARED_VERSION;
	(*session)->magic = SHARED_MAGIC;
	return 0;
}

int shared_map(int fd, struct shared_session **session)
{
	struct stat st;
	int err = sys_fstat(fd, &st);

	if (!err && (uint64_t)st.st_size != DIRTYMAP_BASE + SHARED_FILES * DIRTYMAP_ROOM)
		err = -EPROTO;
	if (!err)
		err = map(fd, session);
	if (!err && ((*session)->magic != SHARED_MAGIC || (*session)->version != SHARED_VERSION)) {
		sys_munmap(*session, sizeof **session);
		err = -EPROTO;
	}
	return err;
}

void shared_set(struct shared_session *s, int fd, unsigned slot)
{
	struct stat st;

	shared_fd = fd;
	shared_id = sys_fstat(fd, &st) ? 0 : st.st_ino;
	shared_slot = slot;
	__atomic_store_n(&shared_current, s, __ATOMIC_RELEASE);
}

int shared_find_slot(struct shared_session *s)
{
	unsigned i = 0;

	while (i < s->slots && s->participants[i].state != SLOT_FREE)
		i++;
	if (i == SHARED_PARTICIPANTS)
		return -EUSERS;
	s->slots = (uint32_t)max_u64(s->slots, i + 1);
	return (int)i;
}

int shared_find_file(struct shared_session *s)
{
	unsigned i = 0;

	while (i < s->file_count && s->files[i].in_use)
		i++;
	if (i == SHARED_FILES)
		return -ENFILE;
	s->file_count = (uint32_t)max_u64(s->file_count, i + 1);
	return (int)i;
}

int shared_clear_maps(unsigned file)
{
	return sys_fallocate(shared_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, DIRTYMAP_BASE + file * DIRTYMAP_ROOM, DIRTYMAP_ROOM);
}

void shared_free_file(struct shared_session *s, unsigned file)
{
	/* What the dirty map holds is of pages that are not dirty any more: forgetting it saves looking. */
	shared_clear_maps(file);
	s->files[file].path[0] = s->files[file].journal_path[0] = '\0';
	__atomic_store_n(&s->files[file].in_use, 0, __ATOMIC_SEQ_CST);
}

static void pull_journal(struct journal *j, const struct shared_journal *s)
{
	j->header = s->header;
	j->tail = s->tail;
	j->free_limit = s->free_limit;
	j->free_seq = s->free_seq;
	j->allocated = s->allocated;
	j->roster_version = s->roster_version;
	j->roster_wanted = s->roster_wanted;
	j->error = s->error;
	j->lingers = s->lingers;
	j->named = s->named;
	j->durable = !(s->header.flags & JOURNAL_LAX);
}

static void push_journal(const struct journal *j, struct shared_journal *s)
{
	s->header = j->header;
	s->tail = j->tail;
	s->free_limit = j->free_limit;
	s->free_seq = j->free_seq;
	s->allocated = j->allocated;
	s->roster_version = j->roster_version;
	s->roster_wanted = j->roster_wanted;
	s->error = j->error;
	s->lingers = j->lingers;
	s->named = j->named;
	s->generation = (uint32_t)max_u64(s->generation, j->generation);
}

void shared_pull(struct view *v)
{
	const struct shared_file *f = shared_file_of(v);

	/* It is looked at without a lock, and nearly always the same. */
	if (v->mode != (enum view_mode)f->mode)
		v->mode = (enum view_mode)f->mode;
	v->size = f->size;
	v->committed = f->committed;
	v->cut = f->cut;
	v->file_end = f->file_end;
	v->zero_end = f->zero_end;
	/* Found out by us meanwhile, without the lock, or by another. */
	v->cut_off = v->cut_off ? v->cut_off : f->cut_off;
	v->error = f->error ? f->error : v->cut_off;
	v->nameless = f->nameless;
	v->aside = f->aside;
	view_aside_ever |= v->aside;
	v->changed = (struct timespec){ f->times[0], f->times[1] };
	v->times[0] = (struct timespec){ f->times[2], f->times[3] };
	v->times[1] = (struct timespec){ f->times[4], f->times[5] };
	if (v->mode == VIEW_WRITING)
		pull_journal(&v->journal, &f->journal);
}

static void push_string(char *where, const char *value)
{
	if (value && strcmp(where, value))
		fmt_print(where, SHARED_PATH, "%s", value);
}

void shared_push_place(const struct view *v)
{
	struct shared_place *p = shared_place_of(v);

	if (!shared_takes_part)
		return;
	p->file_fd = v->fd;
	p->journal_fd = v->journal.fd;
	p->generation = v->journal.generation;
	p->memory_fd = v->memory.fd;
	memcpy(p->segments, v->segments, v->segment_count * sizeof *p->segments);
	p->segment_count = v->segment_count;
	p->windows = (uint32_t)v->windows.count;
	p->attached = 1;
}

void shared_push(const struct view *v)
{
	struct shared_file *f = shared_file_of(v);

	f->mode = v->mode;
	/* These are asked for without the lock (shared_size, shared_changed). */
	__atomic_store_n(&f->size, v->size, __ATOMIC_RELEASE);
	f->committed = v->committed;
	f->cut = v->cut;
	f->file_end = v->file_end;
	f->zero_end = v->zero_end;
	f->error = v->error;
	f->cut_off = v->cut_off;
	f->nameless = v->nameless;
	f->aside = v->aside;
	__atomic_store_n(&f->times[0], v->changed.tv_sec, __ATOMIC_RELAXED);
	__atomic_store_n(&f->times[1], v->changed.tv_nsec, __ATOMIC_RELAXED);
	f->times[2] = v->times[0].tv_sec;
	f->times[3] = v->times[0].tv_nsec;
	f->times[4] = v->times[1].tv_sec;
	f->times[5] = v->times[1].tv_nsec;
	if (v->mode == VIEW_WRITING)
		push_journal(&v->journal, &f->journal);
	shared_push_place(v);
}

void shared_tell(const struct view *v)
{
	struct shared_file *f = shared_file_of(v);

	push_string(f->path, v->path);
	if (v->mode == VIEW_WRITING)
		push_string(f->journal_path, v->journal.path);
}

static void pull_string(char **where, const char *value)
{
	char *copy = *value && *where && strcmp(*where, value) ? arena_strdup(value) : NULL;

	if (!copy)
		return;
	arena_free(*where, strlen(*where) + 1);
	*where = copy;
}

int shared_follow(struct view *v)
{
	const struct shared_file *f = shared_file_of(v);
	int fd, err;

	pull_string(&v->path, f->path);
	if (v->mode != VIEW_WRITING)
		return 0;
	pull_string(&v->journal.path, f->journal_path);
	if (v->journal.generation == f->journal.generation)
		return 0;
	fd = sys_open(f->journal_path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	err = fd < 0 ? fd : journal_share_lock(fd);
	if (err) {
		if (fd >= 0)
			sys_close(fd);
		return err;
	}
	sys_close(v->journal.fd);
	v->journal.fd = fd;
	v->journal.generation = f->journal.generation;
	return 0;
}


int shared_open_of(uint32_t pid, uint32_t tid, int fd, int flags)
{
	char path[64];

	if (fd < 0)
		return -EBADF;
	if (!proc_exists(tid))
		return -ESRCH;
	fmt_print(path, sizeof path, "/proc/%u/task/%u/fd/%d", pid, tid, fd);
	return reopen(path, flags | O_CLOEXEC);
}
