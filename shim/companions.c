/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See companions.h. */
#include "companions.h"

#include <limits.h>
#include <stdlib.h>

#include "arena.h"
#include "aside.h"
#include "config.h"
#include "journal_lock.h"
#include "journal_read.h"
#include "log.h"
#include "roster.h"
#include "sys.h"

struct telling {
	companions_fn fn;
	void *arg;
	const char *path;
	uid_t owner; /* of the journal that says so */
};

/* Anybody can name anybody's files. */
static void tell_of(const struct telling *t, const char *path)
{
	struct stat file;

	if (t->owner == 0 || t->owner == geteuid() || sys_stat(path, &file) || file.st_uid == t->owner)
		t->fn(t->arg, path);
	else
		log_warn("%s: its journal names %s, which is of another owner: that is left alone; name it yourself if need be",
			 t->path, path);
}

static int tell(void *arg, const struct companion *c)
{
	tell_of(arg, c->file);
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
	tell_of(t, (const char *)(ref + 1) + ref->journal_length);
	arena_free(ref, length);
	return 0;
}

static int each_of(const char *real, companions_fn fn, void *arg)
{
	struct telling t = { .fn = fn, .arg = arg, .path = real };
	struct journal_header h;
	enum journal_find found;
	char journal[PATH_MAX];
	struct stat file, st;
	bool busy;
	int fd, err = sys_stat(real, &file);

	if (!err)
		err = journal_path_of(real, config.journal_dir, journal, sizeof journal);
	if (!err)
		err = journal_open_unlocked(journal, &file, &fd, &busy);
	if (err)
		return err;
	err = sys_fstat(fd, &st);
	t.owner = st.st_uid;
	if (!err)
		err = journal_read_header(fd, &h, &found);
	if (!err && found == FOUND_HEADER) {
		err = roster_each(fd, &h, tell, &t);
		if (!err)
			err = tell_coordinator(fd, &h, &t);
	}
	sys_close(fd);
	return err;
}

int companions_each(const char *path, companions_fn fn, void *arg)
{
	char real[PATH_MAX], aside[PATH_MAX];
	int err = 0;

	if (!aside_path_of(path, aside, sizeof aside) && realpath(aside, real))
		err = each_of(real, fn, arg);
	if (!err && realpath(path, real))
		err = each_of(real, fn, arg);
	return err;
}
