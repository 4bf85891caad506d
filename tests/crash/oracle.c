/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See oracle.h. */
#include "oracle.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void oracle_start(struct oracle *o, struct plan *p, unsigned last)
{
	o->files = p->part->files;
	o->count = last + 1;
	o->states = calloc(o->count * o->files, sizeof *o->states);
	for (unsigned n = 0; n < o->count; n++) {
		for (unsigned i = 0; i < o->files; i++) {
			struct plan_image *s = &o->states[n * o->files + i];

			s->size = p->files[i].size;
			s->at = memcpy(malloc(s->size + 1), p->files[i].at, s->size);
		}
		if (n < last)
			plan_next(p, NULL, NULL);
	}
}

static bool equals(const struct oracle *o, const struct watch *w, unsigned n)
{
	for (unsigned i = 0; i < o->files; i++) {
		const struct plan_image *f = &o->states[n * o->files + i];
		struct stat st;

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

bool oracle_sees_journal(const struct watch *w, char *name, size_t size)
{
	bool found = false;

	for (unsigned i = 0; i < TRACE_FOLDERS && w->folders[i] && !found; i++) {
		DIR *d = opendir(w->folders[i]);
		struct dirent *e;

		while (!found && (e = readdir(d))) {
			found = strstr(e->d_name, ".bigfile-journal");
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
