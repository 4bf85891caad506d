/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fuzzer of names does: each operation says what it is about to do, does it, compares, and changes the model.
 *
 * A model of the contents is kept for every file, also of those that have lost their names.
 */
#include "names.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"

#define HANDLES 6

static struct handle {
	int inode; /* -1: free */
	int fd;
	uint8_t *at; /* the whole of it mapped, or NULL */
} handles[HANDLES] = { { -1, 0, 0 }, { -1, 0, 0 }, { -1, 0, 0 }, { -1, 0, 0 }, { -1, 0, 0 }, { -1, 0, 0 } };

static struct control_page *page;
static uint8_t block[MOST + 1];

uint64_t commits_so_far(void)
{
	if (!page || page->pid != (uint32_t)getpid())
		page = control_page_of(getpid());
	return page ? page->commits : 0;
}

static struct inode *inode_of(const struct handle *h)
{
	return &all->model.inodes[h->inode];
}

static struct handle *pick_handle(void)
{
	int start = (int)draw(HANDLES);

	for (int i = 0; i < HANDLES; i++) {
		struct handle *h = &handles[(start + i) % HANDLES];

		if (h->inode >= 0)
			return h;
	}
	return NULL;
}

static void drop_handle(struct handle *h)
{
	if (h->at)
		expect("munmap", result_of(munmap(h->at, MOST)), 0);
	expect("close", result_of(close(h->fd)), 0);
	inode_of(h)->users--;
	*h = (struct handle){ -1, -1, NULL };
}

static struct handle *free_handle(void)
{
	struct handle *h = &handles[draw(HANDLES)];

	if (h->inode >= 0)
		drop_handle(h);
	return h;
}

void begin(enum what what, int a, int b)
{
	all->under_way = (struct change){ what, a, b };
	all->before = all->model;
	__atomic_store_n(&all->at_work, true, __ATOMIC_SEQ_CST);
}

void end(bool implied)
{
	model_change(&all->model, &all->under_way, implied);
	all->implied += implied;
	__atomic_store_n(&all->at_work, false, __ATOMIC_SEQ_CST);
}

static bool do_open(void)
{
	int n = (int)draw(NAMES), flags = O_RDWR | (one_in(2) ? O_CREAT : 0) | (one_in(6) ? O_TRUNC : 0);
	struct handle *h = free_handle();
	int was = all->model.name[n];
	uint64_t commits = commits_so_far();
	long fd;

	flags |= (flags & O_CREAT) && one_in(4) ? O_EXCL : 0;
	say("open(%d, %#o)", n, flags);
	begin(was < 0 && (flags & O_CREAT) ? CREATE : OTHER, n, 0);
	fd = result_of(open(path_of(n), flags, 0644));
	if (commits_so_far() != commits)
		fail("opening has committed");
	end(false);
	if (was < 0 && !(flags & O_CREAT)) {
		expect("open", fd, -ENOENT);
		return true;
	}
	if (was >= 0 && (flags & O_EXCL)) {
		expect("open", fd, -EEXIST);
		return true;
	}
	if (fd < 0)
		fail("open: %s", strerrorname_np((int)-fd));
	*h = (struct handle){ all->model.name[n], (int)fd, NULL };
	inode_of(h)->users++;
	if (flags & O_TRUNC)
		model_resize(inode_of(h), 0);
	return true;
}

static bool do_close(void)
{
	struct handle *h = pick_handle();

	if (!h)
		return false;
	say("close(%ld)", h - handles);
	drop_handle(h);
	return true;
}

static bool do_map(void)
{
	struct handle *h = pick_handle();

	if (!h)
		return false;
	say("handle %ld of file %d: %smap", h - handles, h->inode, h->at ? "un" : "");
	if (h->at) {
		expect("munmap", result_of(munmap(h->at, MOST)), 0);
		h->at = NULL;
		return true;
	}
	h->at = mmap(NULL, MOST, PROT_READ | PROT_WRITE, MAP_SHARED, h->fd, 0);
	if (h->at == MAP_FAILED)
		fail("mmap: %s", strerrorname_np(errno));
	return true;
}

static void fill(uint32_t n)
{
	uint8_t c = (uint8_t)draw(256);

	for (uint32_t i = 0; i < n; i++)
		block[i] = (uint8_t)(c + i / 64);
}

static bool do_write(void)
{
	struct handle *h = pick_handle();
	uint32_t at = (uint32_t)draw(MOST), n = 1 + (uint32_t)draw(one_in(3) ? MOST : 300);

	if (!h)
		return false;
	n = at + n > MOST ? MOST - at : n;
	say("handle %ld of file %d: pwrite(%u, %u)", h - handles, h->inode, n, at);
	fill(n);
	expect("pwrite", result_of(pwrite(h->fd, block, n, at)), n);
	model_put(inode_of(h), at, block, n);
	return true;
}

static bool do_store(void)
{
	struct handle *h = pick_handle();
	uint32_t at, n;

	if (!h || !h->at || !inode_of(h)->size[NOW])
		return false;
	at = (uint32_t)draw(inode_of(h)->size[NOW]);
	n = 1 + (uint32_t)draw(300);
	n = at + n > inode_of(h)->size[NOW] ? inode_of(h)->size[NOW] - at : n;
	say("handle %ld of file %d: store(%u, %u)", h - handles, h->inode, n, at);
	fill(n);
	memcpy(h->at + at, block, n);
	model_put(inode_of(h), at, block, n);
	return true;
}

static void compare(const char *what, const struct inode *i, const uint8_t *found, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		if (found[k] != i->bytes[NOW][k])
			fail("%s: byte %u of %u is %02x, should be %02x", what, k, n, found[k], i->bytes[NOW][k]);
	}
}

static void look_through(const struct handle *h)
{
	const struct inode *i = inode_of(h);
	struct stat st;

	expect("fstat", result_of(fstat(h->fd, &st)), 0);
	if (st.st_size != i->size[NOW])
		fail("handle %ld of file %d: size %ld, should be %u", h - handles, h->inode, st.st_size, i->size[NOW]);
	expect("pread", result_of(pread(h->fd, block, sizeof block, 0)), i->size[NOW]);
	compare("read through a descriptor", i, block, i->size[NOW]);
	if (h->at)
		compare("in a window", i, h->at, i->size[NOW]);
}

static bool do_look(void)
{
	struct handle *h = pick_handle();

	if (!h)
		return false;
	say("handle %ld of file %d: look", h - handles, h->inode);
	look_through(h);
	return true;
}

static bool do_size(void)
{
	struct handle *h = one_in(2) ? pick_handle() : NULL;
	int n = (int)draw(NAMES), i = h ? h->inode : all->model.name[n];
	uint32_t size = one_in(3) ? 0 : (uint32_t)draw(MOST + 1);

	say("%s(%d, %u)", h ? "ftruncate, file" : "truncate, name", h ? h->inode : n, size);
	expect("truncate", result_of(h ? ftruncate(h->fd, size) : truncate(path_of(n), size)), i < 0 ? -ENOENT : 0);
	if (i >= 0)
		model_resize(&all->model.inodes[i], size);
	return true;
}

static bool commit_by_signal(void)
{
	say("a commit by signal");
	begin(COMMIT, 0, 0);
	expect("commit", control_by_signal(page, getpid(), SIGUSR1, CONTROL_COMMIT), 0);
	return true;
}

/* A file in which nothing has changed, or that is of no transaction any more, need not commit the others. */
static bool commit_by_call(struct handle *h, int how)
{
	uint64_t commits = commits_so_far();
	int fd = -1;

	say("a commit by %s, file %d", how == 1 ? "fsync" : how == 2 ? "msync" : "fsync of the folder", h->inode);
	begin(COMMIT, 0, 0);
	if (how == 1) {
		expect("fsync", result_of(fsync(h->fd)), 0);
	} else if (how == 2) {
		expect("msync", result_of(msync(h->at, MOST, MS_SYNC)), 0);
	} else {
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		expect("fsync of the folder", result_of(fsync(fd)), 0);
		close(fd);
	}
	if (commits_so_far() != commits)
		return true;
	if (how == 3 ? model_has_aside(&all->model) : !inode_of(h)->adrift && model_has_changed(inode_of(h)))
		fail("nothing has been committed");
	all->under_way.what = OTHER;
	return false;
}

static bool do_commit(void)
{
	struct handle *h = pick_handle();
	int how = (int)draw(4);

	commits_so_far();
	if (how ? !h || (how == 2 && !h->at) : !page)
		return false;
	all->commits += how ? commit_by_call(h, how) : commit_by_signal();
	end(false);
	return true;
}

static bool do_abort(void)
{
	commits_so_far();
	if (!page)
		return false;
	say("an abort");
	begin(ABORT, 0, 0);
	expect("abort", control_by_signal(page, getpid(), SIGUSR2, CONTROL_ABORT), 0);
	all->aborts++;
	end(false);
	return true;
}

static void look_at_name(int n)
{
	int i = all->model.name[n], fd = open(path_of(n), O_RDONLY | O_CLOEXEC);

	if (fd < 0 || i < 0) {
		if ((fd < 0) != (i < 0))
			fail("name %d is %sthere", n, fd < 0 ? "not " : "");
		return;
	}
	expect("pread", result_of(pread(fd, block, sizeof block, 0)), all->model.inodes[i].size[NOW]);
	compare("read by name", &all->model.inodes[i], block, all->model.inodes[i].size[NOW]);
	close(fd);
}

void check_everything(void)
{
	for (int i = 0; i < HANDLES; i++) {
		if (handles[i].inode >= 0)
			look_through(&handles[i]);
	}
	for (int n = 0; n < NAMES; n++)
		look_at_name(n);
}

static const struct {
	bool (*run)(void);
	unsigned weight;
} operations[] = {
	{ do_open, 60 }, { do_close, 20 }, { do_map, 20 }, { do_write, 60 }, { do_store, 50 }, { do_look, 30 }, { do_size, 15 },
	{ do_unlink, 30 }, { do_rename, 25 }, { do_stat, 20 }, { do_commit, 5 }, { do_abort, 5 },
};

void do_something(void)
{
	unsigned total = 0;
	uint64_t n;

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
		total += operations[i].weight;
	for (bool did = false; !did;) {
		size_t i = 0;

		for (n = draw(total); n >= operations[i].weight; i++)
			n -= operations[i].weight;
		did = operations[i].run();
	}
	if (one_in(40))
		check_everything();
}
