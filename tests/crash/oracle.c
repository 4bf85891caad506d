/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See oracle.h. */
#include "oracle.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void oracle_start(struct oracle *o, struct plan *p, unsigned last)
{
	o->files = p->part->files;
	o->unlinks = p->part->unlinks;
	o->count = last + 1;
	o->states = calloc(o->count * o->files, sizeof *o->states);
	for (unsigned n = 0; n < o->count; n++) {
		for (unsigned i = 0; i < o->files; i++) {
			struct plan_image *s = &o->states[n * o->files + i];

			*s = p->files[i];
			s->at = memcpy(malloc(s->size + 1), p->files[i].at, s->size);
		}
		if (n < last)
			plan_next(p, NULL, NULL);
	}
}

/*
 * By its name.  One that is gone may have been made by the transaction that was under way, or by one that was aborted: names are made at once,
 * and it is empty.  One that was made and holds nothing is not more durable than that.
 */
static bool is_as(const struct oracle *o, const struct watch *w, unsigned n, unsigned i)
{
	const struct plan_image *f = &o->states[n * o->files + i], *next = n + 1 < o->count ? f + o->files : f;
	static uint8_t there[1 << 17];
	char path[4096];
	ssize_t length;
	int fd;

	snprintf(path, sizeof path, "%s/f%u", watch_folder_of(w, i), i);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return f->gone || (f->made && !f->size);
	length = pread(fd, there, sizeof there, 0);
	close(fd);
	if (f->gone)
		return !length && (f->tried || next->tried || next->made != f->made);
	return length == (ssize_t)f->size && !memcmp(there, f->at, f->size);
}

static bool equals(const struct oracle *o, const struct watch *w, unsigned n)
{
	for (unsigned i = 0; i < o->files; i++) {
		const struct plan_image *f = &o->states[n * o->files + i];
		struct stat st;

		if (o->unlinks) {
			if (!is_as(o, w, n, i))
				return false;
			continue;
		}
		if (fstat(w->fds[i], &st) || (size_t)st.st_size != f->size || memcmp(w->maps[i], f->at, f->size))
			return false;
	}
	return true;
}

int oracle_find(const struct oracle *o, const struct watch *w, unsigned from, unsigned to)
{
	for (unsigned n = from; n <= to && n < o->count; n++) {
		if (equals(o, w, n))
			return (int)n;
	}
	return -1;
}

/* One whose file is not there is dropped with the next use of that name. */
static bool is_left_by_rule(const struct watch *w, DIR *d, const char *name)
{
	char file[16];
	unsigned i;

	if (!w->unlinks || sscanf(name, "f%u.bigfile-journal", &i) != 1)
		return false;
	snprintf(file, sizeof file, "f%u", i);
	return !strcmp(name + strlen(file), ".bigfile-journal") && faccessat(dirfd(d), file, F_OK, AT_SYMLINK_NOFOLLOW);
}

bool oracle_sees_journal(const struct watch *w, char *name, size_t size)
{
	bool found = false;

	for (unsigned i = 0; i < TRACE_FOLDERS && w->folders[i] && !found; i++) {
		DIR *d = opendir(w->folders[i]);
		struct dirent *e;

		while (!found && (e = readdir(d))) {
			found = strstr(e->d_name, ".bigfile-") && !is_left_by_rule(w, d, e->d_name);
			if (found)
				snprintf(name, size, "%s", e->d_name);
		}
		closedir(d);
	}
	return found;
}

bool oracle_objects(const struct oracle *o, const struct watch *w, unsigned acknowledged, bool leaves, char *text, size_t size)
{
	char name[256];
	int n;

	if (oracle_find(o, w, acknowledged, acknowledged + 1) >= 0) {
		if (leaves || !oracle_sees_journal(w, name, sizeof name))
			return false;
		snprintf(text, size, "recovery left %s", name);
		return true;
	}
	n = oracle_find(o, w, 0, o->count);
	if (n < 0)
		snprintf(text, size, "%u acknowledged, a state found that never was", acknowledged);
	else
		snprintf(text, size, "%u acknowledged, state %d found", acknowledged, n);
	return true;
}
