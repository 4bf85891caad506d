/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See listing.h. */
#include "listing.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "aside.h"
#include "fmt.h"
#include "marks.h"
#include "opening.h"
#include "sys.h"

bool listing_may_hide(const char *name)
{
	return marks_is_journal(name) || aside_is(name);
}

/* Is it about a marked file?  Others are as any: what another transaction left there has to be copied with its file. */
static bool is_of_marked(int folder, const char *name)
{
	char link[64], path[PATH_MAX], *dot;
	ssize_t n;

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", folder);
	n = sys_readlink(link, path, sizeof path - 1);
	if (n < 0 || (size_t)n + strlen(name) + 2 > sizeof path)
		return false;
	fmt_print(path + n, sizeof path - (size_t)n, "/%s", name);
	if (marks_is_journal(path))
		path[strlen(path) - (sizeof JOURNAL_SUFFIX - 1)] = '\0';
	if (aside_is_marked(path))
		return true;
	/* NAME.new, NAME.SALT */
	dot = strrchr(path, '.');
	if (dot)
		*dot = '\0';
	return dot && marks_match(path);
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
