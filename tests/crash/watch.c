/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See watch.h. */
#include "watch.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK ((size_t)4096)

static void path_of(const struct watch *w, const struct name *n, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", w->folders[n->folder], n->text);
}

bool watch_is_marked(const char *name, unsigned *node)
{
	char rest[16] = "";
	int n = sscanf(name, "f%u%15s", node, rest);

	return n >= 1 && (!rest[0] || !strcmp(rest, ".old"));
}

static void clear(struct watch *w, bool all)
{
	for (unsigned i = 0; i < TRACE_FOLDERS && w->folders[i]; i++) {
		DIR *d = opendir(w->folders[i]);
		struct dirent *e;
		unsigned node;

		while ((e = readdir(d))) {
			if (e->d_name[0] != '.' && (all || !watch_is_marked(e->d_name, &node)))
				unlinkat(dirfd(d), e->d_name, 0);
		}
		closedir(d);
	}
}

void watch_clear(struct watch *w)
{
	clear(w, false);
}

const char *watch_folder_of(const struct watch *w, unsigned i)
{
	return w->folders[w->apart ? i % 2 : 0];
}

static void open_file(struct watch *w, unsigned i)
{
	char path[4096];
	struct stat st;

	/* It may be on its way from one name to the other. */
	snprintf(path, sizeof path, "%s/f%u.old", watch_folder_of(w, i), i);
	w->fds[i] = open(path, O_RDWR | O_CLOEXEC);
	if (w->fds[i] < 0) {
		snprintf(path, sizeof path, "%s/f%u", watch_folder_of(w, i), i);
		w->fds[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	}
	if (w->fds[i] < 0 || fstat(w->fds[i], &st))
		err(3, "%s", path);
	w->maps[i] = mmap(NULL, w->limit, PROT_READ | PROT_WRITE, MAP_SHARED, w->fds[i], 0);
	if (w->maps[i] == MAP_FAILED)
		err(3, "%s", path);
	w->watched[i].inode = w->watched[i].shown = st.st_ino;
	w->watched[i].changed = st.st_ctim;
}

static void fill_file(struct watch *w, unsigned i, const struct plan_image *image)
{
	char name[16];
	struct stat st;

	snprintf(name, sizeof name, "f%u", i);
	if (ftruncate(w->fds[i], 0) || pwrite(w->fds[i], image->at, image->size, 0) != (ssize_t)image->size || fstat(w->fds[i], &st))
		err(3, "%s", name);
	trace_add(&w->trace, (struct event){ .kind = EVENT_NAME, .node = i, .folder = w->apart && i % 2, .name = name });
	trace_add(&w->trace, (struct event){ .kind = EVENT_SIZE, .node = i, .offset = image->size, .modified = st.st_mtim });
	trace_add(&w->trace, (struct event){ .kind = EVENT_WRITE, .node = i, .bytes = image->at, .length = image->size,
					     .modified = st.st_mtim });
}

static void watch_folders(struct watch *w, const struct plan *p, const char *folder, const char *journals)
{
	memset(w, 0, sizeof *w);
	w->folders[0] = folder;
	w->folders[1] = journals;
	w->files = w->nodes = p->part->files;
	w->limit = p->part->limit;
	w->apart = p->part->apart;
	w->unlinks = p->part->unlinks;
	for (unsigned i = 0; i < TRACE_FOLDERS && w->folders[i]; i++) {
		struct stat st;

		if (stat(w->folders[i], &st))
			err(3, "%s", w->folders[i]);
		w->folder_inodes[i] = st.st_ino;
	}
}

void watch_open(struct watch *w, const struct plan *p, const char *folder, const char *journals)
{
	watch_folders(w, p, folder, journals);
	/* One that comes and goes may rightly not be there before recovery: making it would be what somebody else had put at its name. */
	for (unsigned i = 0; i < w->files && !w->unlinks; i++)
		open_file(w, i);
}

void watch_start(struct watch *w, const struct plan *p, const char *folder, const char *journals)
{
	watch_folders(w, p, folder, journals);
	for (unsigned i = 0; i < w->files; i++)
		open_file(w, i);
	watch_clear(w);
	for (unsigned i = 0; i < w->files; i++)
		fill_file(w, i, &p->files[i]);
	for (size_t i = 0; i < w->trace.count; i++)
		state_apply(&w->now, &w->trace.events[i]);
	trace_cut(&w->trace, 0);
}

void watch_base(const struct watch *w, struct state *s)
{
	state_copy(s, &w->now);
}

void watch_end(struct watch *w)
{
	for (unsigned i = 0; i < w->files && w->maps[i]; i++) {
		munmap(w->maps[i], w->limit);
		close(w->fds[i]);
	}
	state_free(&w->now);
	trace_cut(&w->trace, 0);
	free(w->trace.events);
}

int watch_node(const struct watch *w, uint64_t inode)
{
	for (unsigned i = w->nodes; i-- > 0;) {
		if (w->watched[i].inode == inode)
			return (int)i;
	}
	return -1;
}

int watch_folder(const struct watch *w, uint64_t inode)
{
	for (unsigned i = 0; i < TRACE_FOLDERS; i++) {
		if (w->folders[i] && w->folder_inodes[i] == inode)
			return (int)i;
	}
	return -1;
}

unsigned watch_new(struct watch *w, uint64_t inode)
{
	if (w->nodes == TRACE_NODES)
		errx(3, "more than %d files", TRACE_NODES);
	w->watched[w->nodes].inode = inode;
	return w->nodes++;
}

int watch_split(const struct watch *w, const char *path, const char **name)
{
	for (unsigned i = 0; i < TRACE_FOLDERS && w->folders[i]; i++) {
		size_t n = strlen(w->folders[i]);

		if (!strncmp(path, w->folders[i], n) && path[n] == '/' && !strchr(path + n + 1, '/')) {
			*name = path + n + 1;
			return (int)i;
		}
	}
	return -1;
}

/* A run of sectors that differ is one event. */
static void compare_file(struct watch *w, unsigned i)
{
	struct content *now = &w->now.contents[i];
	struct stat st;
	size_t size, start = SIZE_MAX;

	if (fstat(w->fds[i], &st))
		err(3, "fstat");
	size = (size_t)st.st_size;
	if (size != now->size)
		state_apply(&w->now, trace_add(&w->trace, (struct event){ .kind = EVENT_SIZE, .node = i, .offset = size,
									     .modified = st.st_mtim }));
	if (size > w->limit)
		errx(3, "a file became too long");
	/* Allocating changes the times, and nothing else. */
	if (st.st_mtim.tv_sec != now->modified.tv_sec || st.st_mtim.tv_nsec != now->modified.tv_nsec)
		state_apply(&w->now, trace_add(&w->trace, (struct event){ .kind = EVENT_WRITE, .node = i, .modified = st.st_mtim }));
	for (size_t at = 0; at < size; at += BLOCK) {
		size_t block = size - at < BLOCK ? size - at : BLOCK;

		if (start == SIZE_MAX && !memcmp(w->maps[i] + at, now->at + at, block))
			continue;
		for (size_t s = at; s < at + block; s += SECTOR) {
			size_t n = size - s < SECTOR ? size - s : SECTOR;
			bool same = !memcmp(w->maps[i] + s, now->at + s, n);

			if (!same && start == SIZE_MAX)
				start = s;
			if (start != SIZE_MAX && (same || s + n == size)) {
				struct event e = { .kind = EVENT_WRITE, .node = i, .offset = start, .bytes = w->maps[i] + start,
						   .length = (same ? s : s + n) - start, .modified = st.st_mtim };

				state_apply(&w->now, trace_add(&w->trace, e));
				start = SIZE_MAX;
			}
		}
	}
}

void watch_compare(struct watch *w)
{
	for (unsigned i = 0; i < w->files; i++)
		compare_file(w, i);
}

static void place_marked(struct watch *w, const struct state *s, unsigned i)
{
	const struct content *c = &s->contents[i];
	struct timespec times[2] = { c->modified, c->modified };
	struct stat st;

	if (fstat(w->fds[i], &st) || ((size_t)st.st_size != c->size && ftruncate(w->fds[i], (off_t)c->size)))
		err(3, "ftruncate");
	for (size_t at = 0; at < c->size; at += BLOCK) {
		size_t n = c->size - at < BLOCK ? c->size - at : BLOCK;

		if (memcmp(w->maps[i] + at, c->at + at, n))
			memcpy(w->maps[i] + at, c->at + at, n);
	}
	if (futimens(w->fds[i], times) || fstat(w->fds[i], &st))
		err(3, "futimens");
	w->watched[i].changed = st.st_ctim;
}

/* The file goes where the state has it, keeping its inode. */
static void place_name(struct watch *w, const struct name *n)
{
	char link[64], path[4096], wanted[4096];
	struct stat st;
	ssize_t length;

	path_of(w, n, wanted, sizeof wanted);
	if (!lstat(wanted, &st) && st.st_ino == w->watched[n->node].inode)
		return;
	snprintf(link, sizeof link, "/proc/self/fd/%d", w->fds[n->node]);
	length = readlink(link, path, sizeof path - 1);
	path[length < 0 ? 0 : length] = '\0';
	if (rename(path, wanted))
		err(3, "%s to %s", path, wanted);
}

static void place_other(struct watch *w, const struct state *s, const struct name *n)
{
	const struct content *c = &s->contents[n->node];
	static const uint8_t zeros[BLOCK];
	char path[4096];
	struct stat st;
	int fd;

	path_of(w, n, path, sizeof path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)c->size) || fstat(fd, &st))
		err(3, "%s", path);
	for (size_t at = 0; at < c->size; at += BLOCK) {
		size_t length = c->size - at < BLOCK ? c->size - at : BLOCK;

		if (memcmp(c->at + at, zeros, length) && pwrite(fd, c->at + at, length, (off_t)at) != (ssize_t)length)
			err(3, "%s", path);
	}
	w->watched[n->node].inode = st.st_ino;
	if (w->watched[n->node].shown) {
		if (futimens(fd, (struct timespec[]){ c->modified, c->modified }) || fstat(fd, &st))
			err(3, "futimens");
		w->watched[n->node].changed = st.st_ctim;
	}
	close(fd);
}

void watch_place(struct watch *w, const struct state *s)
{
	clear(w, w->unlinks);
	for (unsigned i = w->unlinks ? 0 : w->files; i < TRACE_NODES; i++)
		w->watched[i].inode = 0;
	w->nodes = s->nodes;
	for (unsigned i = 0; i < s->name_count; i++) {
		if (s->names[i].node < w->files && !w->unlinks)
			place_name(w, &s->names[i]);
		else
			place_other(w, s, &s->names[i]);
	}
	for (unsigned i = 0; i < w->files && !w->unlinks; i++)
		place_marked(w, s, i);
}

void watch_resume(struct watch *w, const struct state *s)
{
	watch_place(w, s);
	state_free(&w->now);
	state_copy(&w->now, s);
	trace_cut(&w->trace, 0);
}
