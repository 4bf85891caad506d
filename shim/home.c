/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See home.h. */
#include "home.h"

#include <linux/falloc.h>
#include <string.h>
#include <sys/resource.h>

#include "arena.h"
#include "guard.h"
#include "journal_head.h"
#include "pagemap.h"
#include "progress.h"
#include "sys.h"
#include "tracker.h"

#define CHUNK ((uint64_t)2 << 20)
#define GRANULE ((uint64_t)256 << 10)
#define SLOW_NS 8000
#define DENSE 16
#define SHOWN ((uint64_t)1 << 20)
#define PIECE ((uint64_t)512 << 10) /* that is applied out of the view at once: whoever stores there waits for its copy */

int home_map(struct view *v, uint64_t size)
{
	uint64_t wanted = round_up(size + size / 2 + 1, CHUNK);
	int prot = v->leased ? PROT_READ : PROT_READ | PROT_WRITE;
	void *p;

	if (size <= v->home_size)
		return 0;
	p = sys_mmap(NULL, wanted, prot, MAP_SHARED | MAP_NORESERVE, v->fd, 0);
	if (sys_is_error(p)) {
		wanted = page_ceil(size);
		p = sys_mmap(NULL, wanted, prot, MAP_SHARED | MAP_NORESERVE, v->fd, 0);
	}
	if (sys_is_error(p))
		return sys_error_of(p);
	if (v->home)
		sys_munmap(v->home, v->home_size);
	v->home = p;
	v->home_size = wanted;
	return 0;
}

/* Where no file can end nobody can seek to; of our own descriptor the offset is of no use. */
void home_learn_largest(struct view *v)
{
	int64_t possible = 0;

	for (int bit = 62; bit >= 0; bit--) {
		int64_t size = possible | (int64_t)1 << bit;

		if (sys_lseek(v->fd, size, SEEK_SET) != -EINVAL)
			possible = size;
	}
	v->largest = (uint64_t)possible;
}

/* Applying will first cut the file, then make it grow: what the process may not, and what the file system cannot, is found here. */
static int check_size(const struct view *v)
{
	struct rlimit limit;

	if (v->size <= min_u64(v->committed, v->cut))
		return 0;
	if (v->size > v->largest)
		return -EFBIG;
	return !getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY && v->size > limit.rlim_cur ? -EFBIG : 0;
}

static int allocate(struct view *v, struct range r, bool *allocated)
{
	int err = sys_fallocate(v->fd, FALLOC_FL_KEEP_SIZE, r.start, r.end - r.start);

	/* A file system without fallocate has no way to promise space. */
	if (err == -EOPNOTSUPP || err == -ENOSYS)
		return 0;
	*allocated = true;
	return err;
}

/* Allocates the holes of r; *data is the range known to be allocated. */
static int reserve_range(struct view *v, struct range r, struct range *data, bool *allocated)
{
	while (r.start < r.end) {
		int64_t hole;
		int err;

		if (r.start >= data->start && r.start < data->end) {
			r.start = data->end;
			continue;
		}
		hole = r.start < v->committed ? sys_lseek(v->fd, (int64_t)r.start, SEEK_HOLE) :
					     (int64_t)r.start;
		if (hole < 0)
			return hole == -EINVAL ? 0 : (int)hole;
		*data = (struct range){ r.start, (uint64_t)hole };
		/* At the end of the file SEEK_HOLE sees a hole that is no hole of its last page. */
		if ((uint64_t)hole >= v->committed)
			data->end = max_u64(data->end, min_u64(page_ceil(v->committed), r.end));
		if (r.start < data->end) {
			r.start = data->end;
			continue;
		}
		err = allocate(v, r, allocated);
		if (err)
			return err;
		r.start = r.end;
	}
	return 0;
}

int home_reserve(struct view *v, const struct range_list *logged, bool *allocated)
{
	struct range data = { 0, 0 };
	int err = check_size(v);

	*allocated = false;
	for (size_t i = 0; i < logged->count && !err; i++)
		err = reserve_range(v, logged->ranges[i], &data, allocated);
	return err;
}

int home_read(const struct view *v, uint64_t offset, void *to, uint64_t length)
{
	int err = sys_pread_all(v->fd, to, length, offset);

	return err == -ENODATA ? -EIO : err;
}

/*
 * To map a page by a fault costs more than one call, to look at one that is mapped half as much.  The kernel maps its neighbours along.  In a
 * session the folios of others must stay in their own page tables alone, or they cannot be broken up.
 */
const uint8_t *home_look(struct view *v, uint64_t offset, uint64_t length)
{
	uint64_t chunk = offset / CHUNK, all = round_up(v->home_size / CHUNK + 1, 8 * page_size());

	if (v->shared || v->leased || offset + length > v->home_size || (offset + length - 1) / CHUNK != chunk)
		return NULL;
	if (v->look_chunk != chunk)
		v->looked = 0;
	v->look_chunk = chunk;
	v->looked += (length - 1) / page_size() + 1;
	if (v->looked >= DENSE && !open_pages_reach(&v->looked_at, all))
		open_pages_set(&v->looked_at, chunk, chunk + 1);
	return open_pages_is_open(&v->looked_at, chunk) ? v->home + offset : NULL;
}

static void touch(void *arg)
{
	(void)*(volatile uint8_t *)arg;
}

/*
 * The page cache keeps a file in folios of up to 2 MiB. To change a page of such a one the kernel goes through all its blocks, which
 * takes ten times as long as all else; to a small folio it does not. The kernel breaks up a folio that it is told to call
 * cold in part, if that is clean and in no other process's page tables; this is done once for each granule, or for a chunk that is one folio.
 */
static void break_up(struct view *v, uint64_t offset)
{
	struct range chunk = { offset / CHUNK * CHUNK / GRANULE, (offset / CHUNK + 1) * CHUNK / GRANULE };
	uint64_t granule = offset / GRANULE, all = round_up(v->home_size / GRANULE + 1, 8 * page_size());
	uint8_t *page = v->home + page_floor(offset);
	bool whole = false;

	if (open_pages_is_open(&v->broken_up, granule) || open_pages_reach(&v->broken_up, all))
		return;
	if (!guard_run(touch, page)) {
		whole = pagemap_is_huge((uintptr_t)page);
		sys_madvise(page, page_size(), MADV_COLD);
	}
	if (whole)
		open_pages_set(&v->broken_up, chunk.start, min_u64(chunk.end, v->broken_up.pages));
	else
		open_pages_set(&v->broken_up, granule, granule + 1);
}

/* Folios that were dirty cannot be broken up, and large ones come back with what is read anew: it is seen by the time. */
static void look_at_time(struct view *v, uint64_t entries, uint64_t ns)
{
	if (entries >= 8 && ns / entries > SLOW_NS && !v->slow_since)
		v->slow_since = v->journal.header.head_seq;
}

static void try_again_after_checkpoint(struct view *v)
{
	if (!v->slow_since || v->slow_since == v->journal.header.head_seq)
		return;
	v->slow_since = 0;
	open_pages_clear(&v->broken_up, 0, v->broken_up.pages);
}

struct applying {
	struct view *view;
	uint64_t entries, bytes;
	struct journal_beat beat;
};

static int apply_entry(void *arg, uint64_t offset, const void *data, size_t length)
{
	struct applying *a = arg;
	struct view *v = a->view;
	int err;

	if (offset + length > v->home_size)
		return -EBADMSG;
	a->entries++;
	journal_beat(v->journal.fd, &a->beat, length);
	a->bytes += length;
	if (a->bytes / SHOWN != (a->bytes - length) / SHOWN)
		progress_show(a->bytes, v->journal.record.length);
	if (length < GRANULE)
		break_up(v, offset);
	err = sys_pwrite_all(v->fd, data, length, offset);
	/* The limit of the size of files (setrlimit) is not one for stores, and hugetlbfs knows nothing else. */
	if ((err != -EFBIG && err != -EINVAL) || v->leased)
		return err;
	return guard_copy(v->home + offset, data, length);
}

static int find_stored(void *arg, struct view *v, const struct segment *s, struct range at)
{
	return -EAGAIN;
}

/* -EAGAIN: something has been stored there since it was logged. */
static int copy_clean(struct view *v, struct segment *s, struct range at, uint8_t *to)
{
	struct range pages = { page_floor(at.start), page_ceil(at.end) };
	int err;

	lock_take_blocked(&window_lock);
	err = v->tracker->hold(v, s, pages, find_stored, NULL);
	if (!err)
		err = guard_copy(to, (const void *)at.start, at.end - at.start);
	if (v->tracker->let_go)
		v->tracker->let_go(v, pages);
	lock_release_blocked(&window_lock);
	return err;
}

static int apply_part(struct applying *a, struct segment *s, struct range at, uint8_t *piece)
{
	int err = 0;

	for (uint64_t end; at.start < at.end && !err; at.start = end) {
		end = min_u64(at.end, at.start / PIECE * PIECE + PIECE);
		err = copy_clean(a->view, s, (struct range){ at.start, end }, piece);
		if (!err)
			err = apply_entry(a, view_offset(s, at.start), piece, end - at.start);
	}
	return err;
}

static int apply_view(struct applying *a, const struct range_list *exact)
{
	struct view *v = a->view;
	uint8_t *piece = v->tracker->hold ? arena_alloc(PIECE) : NULL;
	int err = piece ? 0 : -ENOMEM;

	for (unsigned i = 0; i < v->segment_count; i++) {
		struct segment *s = &v->segments[i];

		for (size_t j = 0; j < exact->count && !err; j++)
			err = apply_part(a, s, segment_range(s, exact->ranges[j].start, exact->ranges[j].end), piece);
	}
	arena_free(piece, PIECE);
	return err;
}

static int apply_entries(struct view *v, const struct range_list *exact)
{
	struct applying a = { .view = v };
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC);
	int err = -EAGAIN;

	try_again_after_checkpoint(v);
	progress_begin(v->fd, "is being changed");
	if (exact && v->journal.flushed)
		err = apply_view(&a, exact);
	if (err)
		err = journal_each_sealed(&v->journal, apply_entry, &a);
	progress_end();
	look_at_time(v, a.entries, sys_now_ns(CLOCK_MONOTONIC) - start);
	return err;
}

int home_apply(struct view *v, const struct range_list *exact)
{
	const struct journal_record *r = &v->journal.record;
	struct stat st;
	int err = sys_fstat(v->fd, &st);

	if (!err && (uint64_t)st.st_size > r->cut_size)
		err = sys_ftruncate(v->fd, r->cut_size);
	if (!err && (view_size_changed(v) || (uint64_t)st.st_size != r->new_size))
		err = sys_ftruncate(v->fd, r->new_size);
	if (!err)
		err = home_map(v, r->new_size);
	return err ? err : apply_entries(v, exact);
}
