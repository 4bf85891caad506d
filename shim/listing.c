/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See listing.h. */
#include "listing.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "aside.h"
#include "fmt.h"
#include "journal_lock.h"
#include "marks.h"
#include "opening.h"
#include "pathroom.h"
#include "sys.h"

bool listing_may_hide(const char *name)
{
	return marks_is_journal(name) || aside_is(name);
}

/* Of the file, or of one that is set aside from there. */
static bool has_file(const char *path)
{
	PATH_ROOM(aside);
	struct stat st;

	return !sys_lstat(path, &st) || (!aside_path_of(path, aside, PATH_MAX) && !sys_lstat(aside, &st));
}

/* Of a file that is gone, and in nobody's hands: who empties the folder must come upon it, for it cannot be removed with it inside. */
static bool is_left_over(const char *journal)
{
	struct stat file = { .st_uid = geteuid() };
	bool busy = false;
	int fd, err = journal_open_unlocked(journal, &file, &fd, &busy);

	if (!err)
		sys_close(fd);
	return err ? err != -ENOENT : !busy;
}

/* Is it about a marked file?  Others are as any: what another transaction left there has to be copied with its file. */
static bool is_of_marked(int folder, const char *name)
{
	PATH_ROOM(path);
	PATH_ROOM(journal);
	char link[64], *dot;
	bool marked, there;
	ssize_t n;

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", folder);
	n = sys_readlink(link, path, PATH_MAX - 1);
	if (n < 0 || (size_t)n + strlen(name) + 2 > PATH_MAX)
		return false;
	fmt_print(path + n, PATH_MAX - (size_t)n, "/%s", name);
	if (!marks_is_journal(path))
		return aside_is_marked(path);
	fmt_print(journal, PATH_MAX, "%s", path);
	path[strlen(path) - (sizeof JOURNAL_SUFFIX - 1)] = '\0';
	marked = aside_is_marked(path);
	there = marked && has_file(path);
	/* NAME.new, NAME.SALT */
	dot = strrchr(path, '.');
	if (dot)
		*dot = '\0';
	if (dot && marks_match(path)) {
		marked = true;
		there |= has_file(path);
	}
	return marked && (there || !is_left_over(journal));
}

bool listing_shows(int folder, char *name)
{
	char original[NAME_MAX + 1];
	int saved = errno;
	bool shows = !is_of_marked(folder, name);

	if (!shows && aside_original(name, original, sizeof original) && opening_brings_back(folder, original)) {
		strcpy(name, original);
		shows = true;
	}
	errno = saved;
	return shows;
}
