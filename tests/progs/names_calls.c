/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls of the fuzzer of names that change names, or ask for them.
 *
 * Whether such a call has committed before is read in the control page, and must be as bigfile(7) has it.
 */
#include "names.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool do_unlink(void)
{
	int n = (int)draw(NAMES), how = (int)draw(3);
	bool there = all->model.name[n] >= 0;
	uint64_t commits = commits_so_far();
	long got;

	say("unlink(%d)", n);
	begin(there ? UNLINK : OTHER, n, 0);
	got = result_of(how == 0 ? unlink(path_of(n)) : how == 1 ? unlinkat(AT_FDCWD, path_of(n), 0) : remove(path_of(n)));
	expect("unlink", got, there ? 0 : -ENOENT);
	if (commits_so_far() != commits)
		fail("all has been committed, although it can be set aside");
	end(false);
	return true;
}

static bool must_be_committed(int a, int b)
{
	const struct model *m = &all->model;

	return a != b && m->name[b] >= 0 && m->inodes[m->name[b]].size[DONE] && model_is_open(m);
}

static bool may_be_committed(int a, int b, unsigned flags)
{
	const struct model *m = &all->model;

	return m->name[b] >= 0 || m->aside[b] >= 0 || (flags == RENAME_EXCHANGE && m->aside[a] >= 0);
}

static bool is_new(int n)
{
	const struct model *m = &all->model;
	const struct inode *i = m->name[n] >= 0 ? &m->inodes[m->name[n]] : NULL;

	return i && !i->size[DONE] && i->size[NOW];
}

bool do_rename(void)
{
	int a = (int)draw(NAMES), b = (int)draw(NAMES);
	unsigned flags = one_in(3) ? RENAME_EXCHANGE : one_in(4) ? RENAME_NOREPLACE : 0;
	const struct model *m = &all->model;
	bool must = must_be_committed(a, b), may = may_be_committed(a, b, flags), implied;
	uint64_t commits = commits_so_far();
	long wanted = 0, got;

	if (m->name[a] < 0 || (flags == RENAME_EXCHANGE && m->name[b] < 0))
		wanted = -ENOENT;
	else if (flags == RENAME_NOREPLACE && m->name[b] >= 0)
		wanted = -EEXIST;
	say("rename(%d, %d, %u)", a, b, flags);
	begin(wanted ? OTHER : flags == RENAME_EXCHANGE ? EXCHANGE : RENAME, a, b);
	got = result_of(flags ? renameat2(AT_FDCWD, path_of(a), AT_FDCWD, path_of(b), flags) : rename(path_of(a), path_of(b)));
	expect("rename", got, wanted);
	implied = commits_so_far() != commits;
	if (implied && (wanted || !may))
		fail("all has been committed before a harmless rename");
	if (implied && !flags && is_new(a) && all->model.aside[b] >= 0)
		fail("all has been committed before what was made in the transaction took a free name");
	if (!implied && must && !wanted)
		fail("nothing has been committed before a file was replaced");
	end(implied);
	return true;
}

bool do_stat(void)
{
	int n = (int)draw(NAMES), i = all->model.name[n], how = (int)draw(3);
	struct stat st = { .st_size = 0 };

	say("stat(%d)", n);
	expect("stat", result_of(how == 0 ? access(path_of(n), F_OK) : how == 1 ? stat(path_of(n), &st) : lstat(path_of(n), &st)), i < 0 ? -ENOENT : 0);
	if (how && i >= 0 && st.st_size != all->model.inodes[i].size[NOW])
		fail("size %ld, should be %u", st.st_size, all->model.inodes[i].size[NOW]);
	return true;
}
