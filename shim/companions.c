/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See companions.h. */
#include "companions.h"

#include <limits.h>
#include <stdlib.h>

#include "arena.h"
#include "config.h"
#include "journal_lock.h"
#include "roster.h"
#include "sys.h"

struct telling {
	companions_fn fn;
	void *arg;
};

static int tell(void *arg, const struct companion *c)
{
	const struct telling *t = arg;

	t->fn(t->arg, c->file);
	return 0;
}

static int tell_coordinator(int fd, const struct journal_header *h, const struct telling *t)
{
	struct journal_reference *ref;
	struct journal_chain chain;
	struct journal_record rec;
	size_t length;
	int err = journal_scan(fd, h, &chain);

	if (err || !chain.doubtful)
		return err;
	err = sys_pread_all(fd, &rec, sizeof rec, chain.last_at);
	if (!err)
		err = journal_read_reference(fd, chain.last_at, &rec, &ref, &length);
	if (err)
		return err;
	t->fn(t->arg, (const char *)(ref + 1) + ref->journal_length);
	arena_free(ref, length);
	return 0;
}

int companions_each(const char *path, companions_fn fn, void *arg)
{
	struct telling t = { fn, arg };
	struct journal_header h;
	enum journal_find found;
	char real[PATH_MAX], journal[PATH_MAX];
	struct stat file;
	bool busy;
	int fd, err;

	if (!realpath(path, real))
		return -errno;
	err = sys_stat(real, &file);
	if (!err)
		err = journal_path_of(real, config.journal_dir, journal, sizeof journal);
	if (!err)
		err = journal_open_unlocked(journal, &file, &fd, &busy);
	if (err)
		return err;
	err = journal_read_header(fd, &h, &found);
	if (!err && found == FOUND_HEADER) {
		err = roster_each(fd, &h, tell, &t);
		if (!err)
			err = tell_coordinator(fd, &h, &t);
	}
	sys_close(fd);
	return err;
}
