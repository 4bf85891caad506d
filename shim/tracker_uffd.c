/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The uffd tracker: userfaultfd in WP_ASYNC mode, read by PAGEMAP_SCAN (Linux 6.7 and later, any user).
 *
 * A page is dirty exactly when the kernel has copied it and it is not write-protected.  Where nothing is
 * registered no page is protected, so there a page is dirty when it was copied at all: that makes
 * reading free until a chunk (2 MiB) has been stored to and committed once, and it makes every accident -
 * a lost registration, a failed one, a remapped range - err on the safe side.
 *
 * A chunk is registered when the first commit finds it dirty; only its dirty pages are then protected, one by
 * one, by the scan that reports them.  Stores are let through by the kernel itself, which drops
 * the protection: no signal, no thread, system calls that store included.
 *
 * Each registered run of chunks costs up to two memory areas, so their number is bounded: beyond RUNS
 * the nearest ones are merged.
 *
 * Context: see tracker.h.  The descriptors live in the engine thread's table.
 */
#include "tracker.h"

#include <string.h>

#include "arena.h"
#include "log.h"
#include "pagemap.h"
#include "sys.h"
#include "userfault.h"

#define CHUNK ((uint64_t)2 << 20)
#define RUNS 512

/* Of one segment: the registered runs, as addresses, sorted, apart from each other. */
struct registered {
	struct range runs[RUNS];
	unsigned count;
	bool incomplete; /* a registration failed: some dirty chunks stay unprotected */
};

static struct registered *registered_of(struct view *v, const struct segment *s)
{
	struct registered **all = v->tracking;
	unsigned i = (unsigned)(s - v->segments);

	if (!all[i])
		all[i] = arena_alloc(sizeof **all);
	return all[i];
}

/* Does the page at p count as written?  -errno, 0 or 1. */
static int is_written(void *p, enum pagemap_protect protect)
{
	struct range page = { (uintptr_t)p, (uintptr_t)p + page_size() }, found[1];
	uint64_t next;

	return pagemap_scan_written(page, protect, found, 1, 0, &next);
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
	if (err) {
		userfault_close();
	}
	return err;
}

static int attach(struct view *v)
{
	v->tracking = arena_alloc(VIEW_SEGMENTS * sizeof(struct registered *));
	return v->tracking ? 0 : -ENOMEM;
}

static void detach(struct view *v)
{
	struct registered **all = v->tracking;

	for (unsigned i = 0; all && i < VIEW_SEGMENTS; i++)
		arena_free(all[i], sizeof **all);
	arena_free(all, VIEW_SEGMENTS * sizeof *all);
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

static int protect(struct view *v, struct range at)
{
	return tracker_each_run(v, at, apply_prot, NULL);
}

static int open_range(struct view *v, struct range at)
{
	return sys_mprotect((void *)at.start, at.end - at.start, PROT_READ | PROT_WRITE);
}

static void close_range_again(struct view *v, struct range at)
{
	protect(v, at);
}

/* The mapping is new and unregistered: so are, for our books, the runs that it meets. */
static void forget(struct view *v, struct range at)
{
	struct registered **all = v->tracking;

	for (unsigned i = 0; i < v->segment_count; i++) {
		struct registered *r = all[i];
		unsigned kept = 0;

		for (unsigned j = 0; r && j < r->count; j++) {
			if (range_is_empty(range_intersect(r->runs[j], at)))
				r->runs[kept++] = r->runs[j];
		}
		if (r)
			r->count = kept;
	}
}

static int fault(struct view *v, uint64_t page, struct range writable)
{
	/* The page was frozen, and is not any more.  If a protection was lost, this puts it back. */
	return sys_mprotect((void *)page, page_size(), PROT_READ | PROT_WRITE);
}

/* The runs that will be wanted: what is registered and what is dirty, gaps up to `merge` closed. */
struct plan {
	struct range runs[RUNS];
	unsigned count;
	uint64_t merge;
	struct range limits;
	const struct registered *old;
	unsigned next_old;
	bool fresh; /* something dirty is not registered yet */
	uint64_t pages;
};

static int plan_one(struct plan *p, struct range r)
{
	struct range *last = p->count ? &p->runs[p->count - 1] : NULL;

	if (last && r.start <= last->end + p->merge) {
		last->end = max_u64(last->end, r.end);
		return 0;
	}
	if (p->count == RUNS)
		return -ENOSPC;
	p->runs[p->count++] = r;
	return 0;
}

static int plan_old_until(struct plan *p, uint64_t at)
{
	int err = 0;

	while (!err && p->next_old < p->old->count && p->old->runs[p->next_old].start <= at)
		err = plan_one(p, p->old->runs[p->next_old++]);
	return err;
}

static int plan_dirty(void *arg, struct range at)
{
	struct plan *p = arg;
	struct range chunks = { at.start / CHUNK * CHUNK, round_up(at.end, CHUNK) };
	const struct range *covering;
	int err;

	p->pages += (at.end - at.start) / page_size();
	chunks = range_intersect(chunks, p->limits);
	err = plan_old_until(p, chunks.start);
	covering = p->next_old ? &p->old->runs[p->next_old - 1] : NULL;
	if (!covering || covering->start > chunks.start || covering->end < chunks.end)
		p->fresh = true;
	return err ? err : plan_one(p, chunks);
}

static int make_plan(struct plan *p, const struct segment *s, const struct registered *old,
		     struct range at)
{
	int err;

	for (p->merge = 0;; p->merge = p->merge ? p->merge * 2 : CHUNK) {
		p->count = p->next_old = 0;
		p->pages = 0;
		p->fresh = false;
		p->old = old;
		p->limits = s->at;
		err = pagemap_each_written(at, PAGEMAP_LOOK, plan_dirty, p);
		if (!err)
			err = plan_old_until(p, UINT64_MAX);
		if (err != -ENOSPC)
			return err;
	}
}

static void register_plan(struct registered *r, const struct plan *p)
{
	r->incomplete = false;
	for (unsigned i = 0; i < p->count; i++) {
		int err = userfault_register(p->runs[i]);

		if (err) {
			log_debug("userfaultfd: %e: some pages will be compared at each commit", err);
			r->incomplete = true;
		}
	}
	memcpy(r->runs, p->runs, p->count * sizeof *r->runs);
	r->count = p->count;
}

struct report {
	tracker_dirty_fn fn;
	void *arg;
	struct view *view;
	const struct segment *segment;
};

static int report_range(void *arg, struct range at)
{
	struct report *r = arg;

	return r->fn(r->arg, r->view, r->segment, at);
}

/* Protects and reports what is dirty in the registered runs. */
static int collect_runs(struct report *report, const struct registered *r, struct range at)
{
	int err = 0;

	for (unsigned i = 0; i < r->count && !err; i++) {
		struct range part = range_intersect(r->runs[i], at);

		if (!range_is_empty(part))
			err = pagemap_each_written(part, PAGEMAP_PROTECT, report_range, report);
	}
	return err;
}

/*
 * Looking through all pages is what a commit of few pages spends its time on.  So the runs come first: when
 * the look after them finds nothing, it was the last look as well.
 */
static int collect_segment(struct report *report, struct registered *r, struct range at, bool *settled)
{
	struct plan *p = arena_alloc(sizeof *p);
	int err = r && p ? collect_runs(report, r, at) : -ENOMEM;

	if (!err)
		err = make_plan(p, report->segment, r, at);
	if (!err && p->pages) {
		*settled = false;
		if (p->fresh)
			register_plan(r, p);
		err = collect_runs(report, r, at);
		/* Whatever could not be protected is still dirty, and reported as such. */
		if (!err && r->incomplete)
			err = pagemap_each_written(at, PAGEMAP_LOOK, report_range, report);
	}
	arena_free(p, sizeof *p);
	return err;
}

static int collect(struct view *v, tracker_dirty_fn fn, void *arg, bool *settled)
{
	int err = 0;

	/* Stores to an earlier segment are not seen by the look at a later one. */
	*settled = v->segment_count == 1;
	for (unsigned i = 0; i < v->segment_count && !err; i++) {
		struct segment *s = &v->segments[i];
		struct range at = segment_range(s, 0, page_ceil(v->size));
		struct report report = { fn, arg, v, s };

		if (!range_is_empty(at))
			err = collect_segment(&report, registered_of(v, s), at, settled);
	}
	return err;
}

static int count(struct view *v, uint64_t enough, uint64_t *pages)
{
	struct range found[64];

	*pages = 0;
	for (unsigned i = 0; i < v->segment_count; i++) {
		struct range at = segment_range(&v->segments[i], 0, page_ceil(v->size));

		while (at.start < at.end && *pages < enough) {
			uint64_t next;
			int n = pagemap_scan_written(at, PAGEMAP_LOOK, found, 64, enough - *pages, &next);

			if (n < 0)
				return n;
			for (int j = 0; j < n; j++)
				*pages += (found[j].end - found[j].start) / page_size();
			at.start = next;
		}
	}
	return 0;
}

static int freeze_run(void *arg, struct range run, int prot)
{
	if (!(prot & PROT_WRITE))
		return 0;
	return sys_mprotect((void *)run.start, run.end - run.start, PROT_READ);
}

static int freeze(struct view *v)
{
	int err = 0;

	for (unsigned i = 0; i < v->segment_count && !err; i++)
		err = tracker_each_run(v, v->segments[i].at, freeze_run, NULL);
	return err;
}

static int thaw_run(void *arg, struct range run, int prot)
{
	return prot & PROT_WRITE ? apply_prot(NULL, run, prot) : 0;
}

static void thaw(struct view *v)
{
	for (unsigned i = 0; i < v->segment_count; i++)
		tracker_each_run(v, v->segments[i].at, thaw_run, NULL);
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
	.count = count,
	.freeze = freeze,
	.thaw = thaw,
};
