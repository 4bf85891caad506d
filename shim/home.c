/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See home.h. */
#include "home.h"

#include <linux/falloc.h>
#include <string.h>
#include <sys/resource.h>

#include "guard.h"
#include "sys.h"

#define CHUNK ((uint64_t)2 << 20)

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

static int check_size_limit(const struct view *v)
{
	struct rlimit limit;

	if (v->size <= v->committed || getrlimit(RLIMIT_FSIZE, &limit))
		return 0;
	return limit.rlim_cur != RLIM_INFINITY && v->size > limit.rlim_cur ? -EFBIG : 0;
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
	int err = check_size_limit(v);

	*allocated = false;
	for (size_t i = 0; i < logged->count && !err; i++)
		err = reserve_range(v, logged->ranges[i], &data, allocated);
	return err;
}

static int apply_entry(void *arg, uint64_t offset, const void *data, size_t length)
{
	struct view *v = arg;
	int err;

	if (offset + length > v->home_size)
		return -EBADMSG;
	err = v->leased ? -EACCES : guard_copy(v->home + offset, data, length);
	/* write(2) knows why the page could not be had - or manages without it. */
	return err ? sys_pwrite_all(v->fd, data, length, offset) : 0;
}

int home_apply(struct view *v)
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
	return err ? err : journal_each_sealed(&v->journal, apply_entry, v);
}
