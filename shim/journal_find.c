/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See journal_find.h. */
#include "journal_find.h"

#include <limits.h>
#include <string.h>

#include "arena.h"
#include "fmt.h"
#include "folder.h"
#include "journal_lock.h"
#include "journal_scan.h"
#include "marks.h"
#include "sys.h"

#define PLACES 64

static char *places[PLACES];

static int has_salt(const char *path, uint64_t salt, const struct stat *file)
{
	struct journal_header h;
	enum journal_find found;
	bool busy;
	int fd, err = journal_open_unlocked(path, file, &fd, &busy);

	if (err)
		return err;
	err = journal_read_header(fd, &h, &found);
	sys_close(fd);
	if (err)
		return err;
	return found == FOUND_HEADER && h.salt == salt ? 0 : -ENOENT;
}

static void folder_of(const char *path, char *folder, size_t size)
{
	const char *slash = strrchr(path, '/');

	fmt_print(folder, size, "%s", path);
	if (slash && (size_t)(slash - path) < size)
		folder[slash - path] = '\0';
	else
		fmt_print(folder, size, ".");
}

struct search {
	const char *folder;
	uint64_t salt;
	const struct stat *file;
	char *found;
	size_t size;
};

/* 1: it is the one. */
static int try_name(void *search, const char *name)
{
	const struct search *s = search;

	return marks_is_journal(name) && fmt_print(s->found, s->size, "%s/%s", s->folder, name) + 1 < s->size && !has_salt(s->found, s->salt, s->file);
}

static int search_beside(const char *path, struct search *s)
{
	char folder[PATH_MAX];
	int fd, found;

	folder_of(path, folder, sizeof folder);
	s->folder = folder;
	fd = sys_open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return -ENOENT;
	found = folder_each(fd, try_name, s);
	sys_close(fd);
	return found ? 0 : -ENOENT;
}

int journal_find(const char *path, uint64_t salt, const char *near, const struct stat *file, char *found, size_t size)
{
	struct search s = { NULL, salt, file, found, size };
	int err = has_salt(path, salt, file);

	fmt_print(found, size, "%s", path);
	if (!err)
		return 0;
	if (!search_beside(path, &s) || !search_beside(near, &s))
		return 0;
	for (unsigned i = 0; i < PLACES && places[i]; i++) {
		if (!search_beside(places[i], &s))
			return 0;
	}
	fmt_print(found, size, "%s", path);
	return err;
}

void journal_find_also_beside(const char *path)
{
	char given[PATH_MAX], known[PATH_MAX];
	unsigned i = 0;

	folder_of(path, given, sizeof given);
	for (; i < PLACES && places[i]; i++) {
		folder_of(places[i], known, sizeof known);
		if (!strcmp(given, known))
			return;
	}
	if (i < PLACES)
		places[i] = arena_strdup(path);
}
