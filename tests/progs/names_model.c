/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model of the fuzzer of names: which file has which name, what is in it, and what of that a commit or an abort changes.
 *
 * Names change at once and stay; contents and deletions are of the transaction (bigfile(7), Names).
 */
#include "names.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void model_start(struct model *m)
{
	memset(m, 0, sizeof *m);
	for (int n = 0; n < NAMES; n++)
		m->name[n] = m->aside[n] = -1;
}

static bool is_named(const struct model *m, int i)
{
	for (int n = 0; n < NAMES; n++) {
		if (m->name[n] == i || m->aside[n] == i)
			return true;
	}
	return false;
}

int model_new(struct model *m)
{
	for (int i = 0; i < INODES; i++) {
		if (m->inodes[i].users || is_named(m, i))
			continue;
		memset(&m->inodes[i], 0, sizeof m->inodes[i]);
		return i;
	}
	fail("no room in the model");
}

static void copy(struct inode *i, int to, int from)
{
	i->size[to] = i->size[from];
	memcpy(i->bytes[to], i->bytes[from], MOST);
}

static void commit(struct model *m)
{
	for (int i = 0; i < INODES; i++)
		copy(&m->inodes[i], DONE, NOW);
	for (int n = 0; n < NAMES; n++) {
		if (m->aside[n] >= 0)
			m->inodes[m->aside[n]].adrift = true;
		m->aside[n] = -1;
	}
}

static void drop(struct model *m, int n)
{
	if (m->name[n] >= 0)
		m->inodes[m->name[n]].adrift = true;
	m->name[n] = -1;
}

static void abort_all(struct model *m)
{
	for (int i = 0; i < INODES; i++) {
		if (!m->inodes[i].adrift)
			copy(&m->inodes[i], NOW, DONE);
	}
	for (int n = 0; n < NAMES; n++) {
		if (m->aside[n] < 0)
			continue;
		drop(m, n);
		m->name[n] = m->aside[n];
		m->aside[n] = -1;
	}
}

static void unlink_name(struct model *m, int n, bool at_once)
{
	if (m->aside[n] >= 0 || at_once) {
		drop(m, n);
	} else {
		m->aside[n] = m->name[n];
		m->name[n] = -1;
	}
}

static void rename_to(struct model *m, int a, int b)
{
	if (a == b)
		return;
	drop(m, b);
	m->name[b] = m->name[a];
	m->name[a] = -1;
}

static void exchange(struct model *m, int a, int b)
{
	int i = m->name[a];

	m->name[a] = m->name[b];
	m->name[b] = i;
}

void model_change(struct model *m, const struct change *c, bool implied)
{
	if (implied)
		commit(m);
	switch (c->what) {
	case CREATE:
		m->name[c->a] = model_new(m);
		break;
	case UNLINK:
		unlink_name(m, c->a, implied);
		break;
	case RENAME:
		rename_to(m, c->a, c->b);
		break;
	case EXCHANGE:
		exchange(m, c->a, c->b);
		break;
	case COMMIT:
		commit(m);
		break;
	case ABORT:
		abort_all(m);
		break;
	case OTHER:
		break;
	}
}

void model_crash(struct model *m)
{
	abort_all(m);
	for (int i = 0; i < INODES; i++)
		m->inodes[i].users = 0;
}

bool model_has_changed(const struct inode *i)
{
	return i->size[NOW] != i->size[DONE] || memcmp(i->bytes[NOW], i->bytes[DONE], MOST);
}

bool model_has_aside(const struct model *m)
{
	for (int n = 0; n < NAMES; n++) {
		if (m->aside[n] >= 0)
			return true;
	}
	return false;
}

bool model_is_open(const struct model *m)
{
	for (int n = 0; n < NAMES; n++) {
		if (m->name[n] >= 0 && model_has_changed(&m->inodes[m->name[n]]))
			return true;
	}
	return model_has_aside(m);
}

void model_resize(struct inode *i, uint32_t size)
{
	if (size < i->size[NOW])
		memset(i->bytes[NOW] + size, 0, i->size[NOW] - size);
	i->size[NOW] = size;
}

void model_put(struct inode *i, uint32_t at, const void *from, uint32_t n)
{
	memcpy(i->bytes[NOW] + at, from, n);
	if (at + n > i->size[NOW])
		i->size[NOW] = at + n;
}

static bool is_name_found(const struct model *m, int n)
{
	static uint8_t found[MOST + 1];
	const struct inode *i = m->name[n] >= 0 ? &m->inodes[m->name[n]] : NULL;
	int fd = open(path_of(n), O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0 || !i) {
		close(fd);
		if ((fd < 0) != !i)
			say("%s is %sthere", path_of(n), fd < 0 ? "not " : "");
		return (fd < 0) == !i;
	}
	got = pread(fd, found, sizeof found, 0);
	close(fd);
	if (got == i->size[DONE] && !memcmp(found, i->bytes[DONE], (size_t)got))
		return true;
	say("%s has %zd bytes, should have %u, the same or not", path_of(n), got, i->size[DONE]);
	return false;
}

bool model_is_found(const struct model *m)
{
	for (int n = 0; n < NAMES; n++) {
		if (!is_name_found(m, n))
			return false;
	}
	return true;
}
