/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See mapping.h. */
#include "mapping.h"

#include "engine.h"
#include "fds.h"
#include "kernel.h"
#include "loading.h"
#include "log.h"
#include "placing.h"
#include "privatemap.h"
#include "reach.h"
#include "resize.h"
#include "session.h"
#include "sharing.h"
#include "session_lock.h"
#include "sys.h"
#include "tracker.h"
#include "transaction.h"

#define FIXED_FLAGS (MAP_FIXED | MAP_FIXED_NOREPLACE)
#define VALIDATE_KNOWN                                                                            \
	(MAP_TYPE | FIXED_FLAGS | MAP_POPULATE | MAP_NORESERVE | MAP_LOCKED | MAP_NONBLOCK |      \
	 MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_STACK | MAP_HUGETLB)

static struct range whole_pages(const void *addr, size_t length)
{
	return (struct range){ (uintptr_t)addr, page_ceil((uintptr_t)addr + length) };
}

static bool is_shared(int flags)
{
	int type = flags & MAP_TYPE;

	return type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
}

/* NOT_OURS for what the kernel will refuse anyway. */
static int check_rights(int fd, int prot, bool *may_write)
{
	int mode = sys_fcntl(fd, F_GETFL, 0);

	if (mode < 0)
		return mode == -EBADF ? NOT_OURS : mode;
	*may_write = (mode & O_ACCMODE) == O_RDWR;
	if ((mode & O_PATH) || (mode & O_ACCMODE) == O_WRONLY || (!*may_write && (prot & PROT_WRITE)))
		return NOT_OURS;
	return 0;
}

/* MAP_FIXED takes the place of every window that was there. */
static void remove_all_windows(struct view *v, struct range at)
{
	uint64_t end;
	int prot;

	for (uint64_t p = at.start; p < at.end; p = end) {
		while (window_count(&v->windows, p, at.end, &end, &prot))
			window_remove(&v->windows, (struct range){ p, end });
	}
}

/* From now on the program has addresses, and what its windows do not allow it shall not do. */
static int protect_all(struct view *v)
{
	int err = 0;

	v->was_mapped = true;
	for (unsigned i = 0; i < v->segment_count && !err; i++)
		err = v->tracker->protect(v, v->segments[i].at);
	return err;
}

static int add_window(struct view *v, struct range at, int prot, bool may_write, bool replace)
{
	int err = view_reserve_windows(v, 4);

	if (!err)
		err = view_drop_kept(v, at);
	if (err)
		return err;
	lock_take(&window_lock);
	if (replace)
		remove_all_windows(v, at);
	window_add(&v->windows, (struct window){ at, prot, may_write });
	lock_release(&window_lock);
	err = v->was_mapped ? v->tracker->protect(v, at) : protect_all(v);
	if (err) {
		/* No memory for it: the program gets none, so it must not stand in the books. */
		lock_take(&window_lock);
		window_remove(&v->windows, at);
		lock_release(&window_lock);
		v->tracker->protect(v, at);
	}
	return err;
}

struct placement {
	struct view *view;
	uintptr_t want;
	size_t length;
	int prot;
	int flags;
	bool may_write;
	uint64_t offset;
	uintptr_t start; /* the answer */
};

/* A job: only the engine thread can map the view's descriptor. */
static int place_job(void *arg)
{
	struct placement *p = arg;
	struct view *v = p->view;
	int err = -ENOTSUP;

	if (!(p->flags & MAP_FIXED) || v->segment_count || !view_overlaps(p->want, p->length))
		err = view_place(v, p->offset, p->length, p->want, p->flags & FIXED_FLAGS, &p->start);
	/* A second address can only be had of memory that is not private. */
	if (err == -ENOTSUP && (p->flags & FIXED_FLAGS) && !sharing_begin(NULL) && v->shared)
		err = view_place(v, p->offset, p->length, p->want, p->flags & FIXED_FLAGS, &p->start);
	if (err == -ENOTSUP) {
		log_error("%s: cannot be mapped at the demanded address %lx, it is mapped elsewhere; "
			  "take it out of BIGFILE_PATHS", v->path, p->want);
		return -ENOMEM;
	}
	if (!err)
		err = add_window(v, whole_pages((void *)p->start, p->length), p->prot, p->may_write, p->flags & FIXED_FLAGS);
	if (err && err != -EEXIST)
		log_error("%s: cannot be mapped: %e; raise the limits of memory (ulimit -v) or of its areas (vm.max_map_count)", v->path, err);
	return err;
}

/* A forked child has the segments that it inherited, and no engine for those. */
static int run_for(const struct view *v, engine_fn fn, void *arg)
{
	int err;

	if (v->mode != VIEW_ORPHAN)
		return engine_run(fn, arg);
	session_lock_take();
	err = fn(arg);
	session_lock_release();
	return err;
}

bool mapping_refuses_fixed(void *addr, size_t length)
{
	struct range inside;
	IN_HAND struct view *v = view_any() ? view_get_first_in(whole_pages(addr, length), &inside) : NULL;

	if (v)
		log_error("%s: something else is to be mapped over it by MAP_FIXED; take it out of BIGFILE_PATHS",
			  v->path);
	return v != NULL;
}

/* Without an open transaction the file itself is what the mapping should show. */
static int map_private(void *addr, size_t length, int prot, int flags, int fd, uint64_t offset, void **result)
{
	IN_HAND struct view *v = NULL;
	int err = session_find_view(fd, &v);

	if (err || !v || v->mode == VIEW_READING)
		return err < 0 ? err : NOT_OURS;
	if ((flags & MAP_FIXED) && mapping_refuses_fixed(addr, length))
		return -ENOMEM;
	return privatemap_map(v, addr, length, prot, flags, fd, offset, result);
}

int mapping_map(void *addr, size_t length, int prot, int flags, int fd, int64_t offset, void **result)
{
	IN_HAND struct view *v = NULL;
	struct placement p;
	bool may_write;
	int err;

	if (fd < 0 || (flags & MAP_ANONYMOUS) || !length || offset < 0 ||
	    offset % (int64_t)page_size() || offset > INT64_MAX - (int64_t)length || fds_is_plain(fd))
		return NOT_OURS;
	if (!is_shared(flags))
		return map_private(addr, length, prot, flags, fd, (uint64_t)offset, result);
	err = check_rights(fd, prot, &may_write);
	if (err)
		return err;
	err = session_view_of(fd, prot & PROT_WRITE, &v);
	if (err)
		return err;
	if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE && (flags & ~VALIDATE_KNOWN))
		return -EOPNOTSUPP;
	if (prot & PROT_EXEC) {
		log_warn_once("%s: mapped executable: such a mapping is not part of the transaction", v->path);
		return NOT_OURS;
	}
	p = (struct placement){ v, (uintptr_t)addr, length, prot, flags, may_write, (uint64_t)offset, 0 };
	err = run_for(v, place_job, &p);
	if (err)
		return err;
	if ((flags & (MAP_POPULATE | MAP_LOCKED)) && !(flags & MAP_NONBLOCK))
		reach_populate(v, whole_pages((void *)p.start, length), true);
	*result = (void *)p.start;
	return 0;
}

struct remapping {
	struct view *view;
	struct range at;
	size_t new_length;
};

/* A job.  Grows or shrinks a window where it is: the view has room behind it, or makes some. */
static int remap_job(void *arg)
{
	struct remapping *r = arg;
	struct view *v = r->view;
	struct range now = whole_pages((void *)r->at.start, r->new_length);
	struct window taken;
	uintptr_t start;
	int err;

	if (!window_covers(&v->windows, r->at))
		return -EFAULT;
	err = view_place(v, view_offset_at(v, r->at.start), r->new_length, 0, 0, &start);
	if (!err)
		err = view_reserve_windows(v, 8);
	if (!err)
		err = view_drop_kept(v, (struct range){ r->at.end, now.end });
	if (err)
		return -ENOMEM;
	lock_take(&window_lock);
	taken = window_take(&v->windows, r->at);
	window_add(&v->windows, (struct window){ now, taken.prot, taken.may_write });
	lock_release(&window_lock);
	return v->tracker->protect(v, (struct range){ r->at.start, max_u64(r->at.end, now.end) });
}

int mapping_remap(void *old, size_t old_length, size_t new_length, int flags, void **result)
{
	IN_HAND struct view *v = view_get_at((uintptr_t)old);
	struct remapping r = { v, whole_pages(old, old_length), new_length };

	if (!v)
		return view_overlaps(r.at.start, r.at.end - r.at.start) ? -EFAULT : NOT_OURS;
	if (r.at.start % page_size() || !new_length)
		return -EINVAL;
	if (flags & ~MREMAP_MAYMOVE || !old_length) {
		log_error("%s: mremap to a demanded address cannot be done; take it out of BIGFILE_PATHS",
			  r.view->path);
		return -EINVAL;
	}
	*result = old;
	return run_for(r.view, remap_job, &r);
}
