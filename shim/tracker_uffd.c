/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The uffd tracker: userfaultfd in WP_ASYNC mode, read by PAGEMAP_SCAN (Linux 6.7 and later, any user).
 *
 * Stores are let through by the kernel itself, which drops the page's protection: no signal, no thread, system calls
 * that store included.  What is dirty is told by the page tables, in the three ways of chunks.h.  At first all chunks are
 * free: reading costs nothing, and every accident - a lost registration, a failed one, a remapped range - leads
 * back there, to the safe side.  A chunk is registered when a commit finds it dirty.  Where there are many pages
 * in memory - stored to, or read from end to end - it is closed, since looking at such chunks is
 * what a commit of few pages spends its time on.
 *
 * Context: see tracker.h.  The descriptors live in the engine thread's table.
 */
#include "tracker.h"

#include "arena.h"
#include "chunks.h"
#include "collect.h"
#include "filling.h"
#include "log.h"
#include "pagemap.h"
#include "sys.h"
#include "userfault.h"

/* By segment. */
struct tracking {
	bool hugetlb;
	struct chunks *chunks[VIEW_SEGMENTS];
	struct range open[VIEW_SEGMENTS]; /* addresses that calls may store to, for the program has never mapped the file */
};

static struct chunks *chunks_of(struct view *v, const struct segment *s)
{
	struct tracking *t = v->tracking;
	struct chunks **c = &t->chunks[s - v->segments];

	if (!*c)
		*c = arena_alloc(sizeof **c);
	if (*c) {
		(*c)->all = s->at;
		(*c)->files = t->hugetlb ? segment_range(s, 0, 0) : chunks_of_file(v, s);
	}
	return *c;
}

static int seen(void *arg, struct range at)
{
	*(int *)arg += 1;
	return 0;
}

/* Does the page at p count as written?  -errno, 0 or 1. */
static int is_written(void *p, enum pagemap_protect protect)
{
	struct range page = { (uintptr_t)p, (uintptr_t)p + page_size() };
	int n = 0, err = pagemap_each(PAGEMAP_COPIED_WRITTEN, page, protect, seen, &n);

	return err ? err : n;
}

/* Goes once through all that the tracker relies on, on a private page of a real file. */
static int probe(void)
{
	int fd = sys_open("/proc/self/exe", O_RDONLY | O_CLOEXEC, 0), err = -ENOTSUP;
	volatile char *p;

	if (fd < 0)
		return fd;
	p = sys_mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	sys_close(fd);
	if (sys_is_error((void *)p))
		return sys_error_of((void *)p);
	*p = *p;
	if (is_written((void *)p, PAGEMAP_LOOK) != 1)
		goto out;
	err = userfault_register((struct range){ (uintptr_t)p, (uintptr_t)p + page_size() });
	if (err)
		goto out;
	err = -ENOTSUP;
	if (is_written((void *)p, PAGEMAP_PROTECT) != 1 || is_written((void *)p, PAGEMAP_LOOK) != 0)
		goto out;
	*p = *p;
	if (is_written((void *)p, PAGEMAP_LOOK) == 1)
		err = 0;
out:
	sys_munmap((void *)p, page_size());
	return err;
}

static int start(void)
{
	bool can_scan;
	int err = pagemap_open(&can_scan);

	if (!err && !can_scan)
		err = -ENOTTY;
	if (!err)
		err = userfault_open();
	if (err)
		return err;
	err = probe();
	if (err)
		userfault_close();
	return err;
}

static int attach(struct view *v)
{
	struct tracking *t = v->tracking = arena_alloc(sizeof *t);
	struct stat st;

	/* Where not even that can be told, looking takes longer. */
	if (t)
		t->hugetlb = sys_fstat(v->fd, &st) || st.st_blksize >= 1 << 20;
	return t ? 0 : -ENOMEM;
}

static void detach(struct view *v)
{
	struct tracking *t = v->tracking;

	for (unsigned i = 0; t && i < VIEW_SEGMENTS; i++) {
		if (t->chunks[i]) {
			open_pages_free(&t->chunks[i]->closed);
			open_pages_free(&t->chunks[i]->filled);
		}
		arena_free(t->chunks[i], sizeof *t->chunks[i]);
	}
	arena_free(t, sizeof *t);
	v->tracking = NULL;
}

/* Without it the whole view counts as stored to, at every commit: slow and right. */
static int track(struct view *v, const struct segment *s, struct range at)
{
	struct range clean = range_intersect(at, segment_range(s, 0, v->zero_end));
	int err = userfault_register(at);

	if (!err && !range_is_empty(clean))
		err = userfault_protect(clean);
	if (err)
		log_debug("userfaultfd: %e: the pages of a shared view will be compared at each commit", err);
	return 0;
}

static int apply_prot(void *arg, struct range run, int prot)
{
	/* Readable always: the engine copies and compares pages that no window shows any more. */
	return sys_mprotect((void *)run.start, run.end - run.start,
			    PROT_READ | (prot & PROT_WRITE));
}

/* What lies in `at` is not open any more. */
static void note_closed(struct view *v, struct range at)
{
	struct tracking *t = v->tracking;

	for (unsigned i = 0; t && i < v->segment_count; i++) {
		struct range *open = &t->open[i];

		if (range_is_empty(range_intersect(*open, at)))
			continue;
		if (at.start > open->start)
			open->end = at.start;
		else
			open->start = min_u64(at.end, open->end);
	}
}

static int protect(struct view *v, struct range at)
{
	note_closed(v, at);
	return tracker_each_run(v, at, apply_prot, NULL);
}

static bool windows_allow_stores(const struct view *v, struct range at)
{
	uint64_t end;

	for (uint64_t p = at.start; p < at.end; p = end) {
		if (!(window_prot(&v->windows, p, at.end, &end) & PROT_WRITE))
			return false;
	}
	return true;
}

/* A file that the program has never mapped is opened once, from end to end. */
static int open_all(struct view *v, const struct segment *s, struct range at)
{
	struct tracking *t = v->tracking;
	struct range all = segment_range(s, 0, v->zero_end);
	int err = at.start < all.start || at.end > all.end ? -EFAULT : 0;

	if (!err)
		err = sys_mprotect((void *)all.start, all.end - all.start, PROT_READ | PROT_WRITE);
	if (!err)
		t->open[s - v->segments] = all;
	return err;
}

/* Are the pages storable without our doing? */
static bool stays_open(const struct view *v, struct range at)
{
	const struct tracking *t = v->tracking;
	const struct segment *s = view_segment_at((struct view *)v, at.start);
	const struct range *open = &t->open[s - v->segments];

	return (at.start >= open->start && at.end <= open->end) || (!v->frozen && windows_allow_stores(v, at));
}

/* Two calls with two changes of memory areas, for each write(): so only where it must be. */
static int open_range(struct view *v, struct range at)
{
	const struct segment *s = view_segment_at(v, at.start);

	if (stays_open(v, at) || (!v->was_mapped && !v->frozen && !open_all(v, s, at)))
		return 0;
	return sys_mprotect((void *)at.start, at.end - at.start, PROT_READ | PROT_WRITE);
}

static void close_range_again(struct view *v, struct range at)
{
	if (!stays_open(v, at))
		protect(v, at);
}

static void forget(struct view *v, struct range at)
{
	struct tracking *t = v->tracking;

	note_closed(v, at);
	for (unsigned i = 0; i < v->segment_count; i++) {
		if (t->chunks[i])
			chunks_forget(t->chunks[i], at);
	}
}

static int fault(struct view *v, uint64_t page, struct range writable)
{
	/* The page was frozen, and is not any more.  If a protection was lost, this puts it back. */
	int err = sys_mprotect((void *)page, page_size(), PROT_READ | PROT_WRITE);

	/* No memory areas are left, or the file is one of huge pages: its window is one area. */
	return err ? sys_mprotect((void *)writable.start, writable.end - writable.start, PROT_READ | PROT_WRITE) : 0;
}

static int collect(struct view *v, tracker_dirty_fn fn, void *arg)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct segment *s = &v->segments[i];
		struct chunks *c = chunks_of(v, s);
		struct range at = segment_range(s, 0, page_ceil(v->size));

		if (!range_is_empty(at))
			err = c ? collect_chunks(v, s, c, at, fn, arg) : -ENOMEM;
	}
	/* What was protected and not reported is found all the same. */
	if (err)
		v->carry_all = true;
	return err;
}

static int look(struct view *v, tracker_dirty_fn fn, void *arg)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		const struct segment *s = &v->segments[i];
		struct chunks *c = chunks_of(v, s);
		struct range at = segment_range(s, 0, page_ceil(v->size));

		if (!range_is_empty(at))
			err = c ? collect_look(v, s, c, at, fn, arg) : -ENOMEM;
	}
	return err;
}

static int count(struct view *v, uint64_t enough, uint64_t *pages)
{
	int err = 0;

	*pages = 0;
	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		const struct chunks *c = chunks_of(v, &v->segments[i]);
		struct range at = segment_range(&v->segments[i], 0, page_ceil(v->size));

		if (!range_is_empty(at))
			err = c ? collect_count(c, at, enough, pages) : -ENOMEM;
	}
	return err;
}

static int freeze_run(void *arg, struct range run, int prot)
{
	if (!(prot & PROT_WRITE))
		return 0;
	return sys_mprotect((void *)run.start, run.end - run.start, PROT_READ);
}

static int freeze_part(struct view *v, struct range at)
{
	return tracker_each_run(v, at, freeze_run, NULL);
}

static int freeze(struct view *v)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++)
		err = freeze_part(v, v->segments[i].at);
	return err;
}

static int thaw_run(void *arg, struct range run, int prot)
{
	return prot & PROT_WRITE ? apply_prot(NULL, run, prot) : 0;
}

static int thaw_part(struct view *v, struct range at)
{
	return tracker_each_run(v, at, thaw_run, NULL);
}

static void thaw(struct view *v)
{
	for (unsigned i = 0; i < v->segment_count; i++)
		thaw_part(v, v->segments[i].at);
}

static int mark(struct view *v, uint64_t page)
{
	int err = userfault_unprotect((struct range){ page, page + page_size() });

	/* Its chunk is free: whatever was ever stored to is dirty there. */
	return err == -ENOENT ? 0 : err;
}

static int hold(struct view *v, struct segment *s, struct range at, tracker_dirty_fn fn, void *arg)
{
	struct chunks *c = chunks_of(v, s);
	int err = c ? freeze_part(v, at) : -ENOMEM;

	return err ? err : collect_look(v, s, c, at, fn, arg);
}

static void let_go(struct view *v, struct range at)
{
	if (thaw_part(v, at))
		thaw(v);
}

/* The kernel gives a page table back that is dropped as a whole, if there is nothing in it but pages: no notes that some are protected. */
static void rest(struct view *v, struct segment *s, struct range at)
{
	struct chunks *c = chunks_of(v, s);

	note_closed(v, at);
	if (c)
		chunks_rest(c, at);
}

static bool tend(struct view *v)
{
	struct tracking *t = v->tracking;

	for (unsigned i = 0; i < v->segment_count; i++) {
		if (t->chunks[i] && filling_step(t->chunks[i]))
			return true;
	}
	return false;
}

const struct tracker tracker_uffd = {
	.name = "uffd",
	.start = start,
	.attach = attach,
	.detach = detach,
	.track = track,
	.protect = protect,
	.open = open_range,
	.close = close_range_again,
	.forget = forget,
	.reach = protect,
	.fault = fault,
	.collect = collect,
	.look = look,
	.count = count,
	.freeze = freeze,
	.thaw = thaw,
	.freeze_part = freeze_part,
	.thaw_part = thaw_part,
	.tend = tend,
	.hold = hold,
	.let_go = let_go,
	.rest = rest,
	.mark = mark,
};
