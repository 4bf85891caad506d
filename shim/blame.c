/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See blame.h.
 *
 * The stack is taken under the blame lock, and under guard: a program whose unwind tables are damaged must not die of us.  After
 * such a fault libunwind may be left with a lock in hand, so it is not called again.
 */
#include "blame.h"

#include <string.h>

#include "config.h"
#include "fmt.h"
#include "guard.h"
#include "lock.h"
#include "log.h"
#include "modules.h"
#include "sys.h"
#include "unwind.h"

#define SMALL_STACK (24 << 10) /* an alternate signal stack below this is not used for unwinding */
#define TRIES 100

bool blame_on;
static struct lock blame_lock = LOCK_INIT;
static struct blame *blame;
static pid_t owner;    /* whose blame it is: a vforked child shares our memory */
static bool dead_ends; /* unwinding has faulted */

static uint64_t frames[BLAME_DEPTH]; /* under the lock */

void blame_start(void)
{
	const char *why_not;

	if (!config.blame)
		return;
	why_not = unwind_load();
	if (why_not)
		log_error("BIGFILE_BLAME: %s; who writes is not recorded", why_not);
	owner = sys_getpid();
	blame_on = !why_not;
}

void blame_before_fork(void)
{
	if (blame_on)
		lock_take(&blame_lock);
}

void blame_after_fork(bool in_child)
{
	if (!blame_on)
		return;
	if (in_child) {
		if (blame)
			sys_munmap(blame, sizeof *blame);
		blame = NULL;
		modules_forget();
		owner = sys_getpid();
	}
	lock_release(&blame_lock);
}

static void read_comm(char *out, size_t size)
{
	int fd = sys_open("/proc/self/comm", O_RDONLY | O_CLOEXEC, 0);
	ssize_t n = fd < 0 ? 0 : sys_read(fd, out, size - 1);

	if (fd >= 0)
		sys_close(fd);
	out[n > 0 ? n - 1 : 0] = '\0';
}

/* A new name for each program: what one that this process was before exec has left stays. */
static int create(char *path, size_t size)
{
	int fd = -EEXIST;

	for (unsigned n = 0; n < TRIES && fd == -EEXIST; n++) {
		fmt_print(path, size, "%s.%d.%u", config.blame, sys_getpid(), n);
		fd = sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	return fd;
}

static int map_fresh(int fd, struct blame **fresh)
{
	int err = sys_fallocate(fd, 0, 0, sizeof **fresh);
	void *p = err ? NULL : sys_mmap(NULL, sizeof **fresh, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (!err && sys_is_error(p))
		err = sys_error_of(p);
	*fresh = p;
	return err;
}

/* Lock held.  Made with the first change, so that a process that makes none leaves nothing. */
static bool is_there(void)
{
	char path[512];
	struct blame *fresh;
	int fd, err;

	if (blame || !blame_on)
		return blame_on;
	fd = create(path, sizeof path);
	err = fd < 0 ? fd : map_fresh(fd, &fresh);
	if (fd >= 0)
		sys_close(fd);
	if (err) {
		log_error("%s: %e; who writes is not recorded", path, err);
		blame_on = false;
		return false;
	}
	fresh->version = BLAME_VERSION;
	fresh->pid = (uint32_t)sys_getpid();
	fresh->page_size = (uint32_t)page_size();
	read_comm(fresh->comm, sizeof fresh->comm);
	fresh->magic = BLAME_MAGIC;
	blame = fresh;
	return true;
}

struct unwinding {
	void *context;
	int depth;
};

static void unwind(void *arg)
{
	struct unwinding *u = arg;

	u->depth = unwind_stack(u->context, frames, BLAME_DEPTH);
}

static bool on_small_stack(void)
{
	stack_t now;

	return !sys_call(SYS_sigaltstack, NULL, &now) && (now.ss_flags & SS_ONSTACK) && now.ss_size < SMALL_STACK;
}

static uint64_t hash_of(int depth)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (int i = 0; i < depth; i++)
		hash = (hash ^ frames[i]) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

/* The slot of what is in `frames`; -1: no room. */
static int keep_stack(int depth)
{
	uint64_t hash = hash_of(depth);
	uint32_t i = (uint32_t)hash % BLAME_STACKS;
	struct blame_stack *s;

	for (;; i = (i + 1) % BLAME_STACKS) {
		s = &blame->stacks[i];
		if (!s->depth)
			break;
		if (s->hash == hash && s->depth == (uint32_t)depth &&
		    !memcmp(blame->frames + s->first, frames, (size_t)depth * sizeof *frames))
			return (int)i;
	}
	if (blame->stack_count >= BLAME_STACKS / 4 * 3 || blame->frame_count + (uint32_t)depth > BLAME_FRAMES)
		return -1;
	modules_note(blame, frames, depth);
	memcpy(blame->frames + blame->frame_count, frames, (size_t)depth * sizeof *frames);
	*s = (struct blame_stack){ hash, blame->frame_count, (uint32_t)depth };
	blame->frame_count += (uint32_t)depth;
	blame->stack_count++;
	return (int)i;
}

/* Lock held. */
static int take_stack(void *context)
{
	struct unwinding u = { context, 0 };

	if (!dead_ends && !on_small_stack())
		dead_ends = guard_run(unwind, &u) != 0;
	return u.depth > 0 ? keep_stack(u.depth) : -1;
}

/* From 1; 0: no room. */
static uint32_t keep_file(const struct view *v)
{
	for (uint32_t i = 0; i < blame->file_count; i++) {
		if (!strcmp(blame->files[i], v->path))
			return i + 1;
	}
	if (blame->file_count == BLAME_FILES || strlen(v->path) >= BLAME_PATH)
		return 0;
	strcpy(blame->files[blame->file_count], v->path);
	return ++blame->file_count;
}

static struct blame_entry *keep_entry(enum blame_kind kind, uint32_t file, uint32_t stack)
{
	uint32_t i = (stack * 31 + file * 7 + kind) % BLAME_ENTRIES;
	struct blame_entry *e;

	for (;; i = (i + 1) % BLAME_ENTRIES) {
		e = &blame->entries[i];
		if (!e->kind)
			break;
		if (e->kind == kind && e->file == file && e->stack == stack)
			return e;
	}
	if (blame->entry_count >= BLAME_ENTRIES / 4 * 3)
		return NULL;
	blame->entry_count++;
	*e = (struct blame_entry){ kind, file, stack, 0, 0, 0, UINT64_MAX, 0 };
	return e;
}

/* Lock held. */
static void count(const struct view *v, enum blame_kind kind, uint64_t start, uint64_t length, void *context)
{
	int stack = take_stack(context);
	uint32_t file = keep_file(v);
	struct blame_entry *e = stack < 0 || !file ? NULL : keep_entry(kind, file, (uint32_t)stack);

	if (!e) {
		blame->lost++;
		return;
	}
	e->times++;
	e->bytes += kind == BLAME_TRUNCATE ? 0 : length;
	e->start = min_u64(e->start, start);
	e->end = max_u64(e->end, start + length);
}

void blame_note(const struct view *v, enum blame_kind kind, uint64_t start, uint64_t length, void *context)
{
	if (owner != sys_getpid())
		return;
	lock_take(&blame_lock);
	if (is_there())
		count(v, kind, start, length, context);
	lock_release(&blame_lock);
}

void blame_note_fault(const struct view *v, const siginfo_t *info, void *context)
{
	struct blame_fault f = { info->si_signo, info->si_code, (uintptr_t)info->si_addr, 0, 0, 0, 0 };
	int stack;

	if (owner != sys_getpid())
		return;
	lock_take(&blame_lock);
	if (is_there()) {
		stack = take_stack(context);
		f.stack = stack < 0 ? 0 : (uint32_t)stack;
		if (v) {
			f.file = keep_file(v);
			f.offset = view_offset_at(v, (uintptr_t)info->si_addr);
			f.size = v->size;
		}
		blame->fault = f;
	}
	lock_release(&blame_lock);
}
