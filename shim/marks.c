/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See marks.h.  Written once at start, read without a lock ever after. */
#include "marks.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "fmt.h"
#include "log.h"
#include "sys.h"

struct mark {
	struct mark *next;
	char *pattern;     /* absolute; a folder ends in '/' */
	const char *base;  /* its last component; NULL for a folder */
};

static struct mark *marks;

static size_t literal_prefix(const char *pattern)
{
	size_t n = strcspn(pattern, "*?[\\");

	if (!pattern[n])
		return n;
	while (n > 0 && pattern[n - 1] != '/')
		n--;
	return n;
}

/* Resolves links in the literal part of an absolute pattern, as far as that exists. */
static void resolve_prefix(const char *pattern, char *out, size_t size)
{
	char prefix[PATH_MAX], resolved[PATH_MAX];
	size_t n = literal_prefix(pattern);
	bool folder = n > 0 && pattern[n - 1] == '/';

	fmt_print(out, size, "%s", pattern);
	if (n >= sizeof prefix)
		return;
	memcpy(prefix, pattern, n);
	prefix[n] = '\0';
	if (!realpath(prefix, resolved)) {
		/* A file that does not exist yet: resolve the folder it will be in. */
		char *slash = strrchr(prefix, '/');

		if (folder || !slash)
			return;
		n = (size_t)(slash - prefix) + 1;
		*slash = '\0';
		if (!realpath(slash == prefix ? "/" : prefix, resolved))
			return;
		folder = true;
	}
	fmt_print(out, size, "%s%s%s", strcmp(resolved, "/") ? resolved : "", folder ? "/" : "",
		  pattern + n);
}

static int add_mark(const char *text, size_t length, const char *cwd, struct mark ***tail)
{
	char absolute[PATH_MAX], resolved[PATH_MAX], piece[PATH_MAX];
	struct mark *m;
	char *slash;

	if (length >= sizeof piece)
		return -ENAMETOOLONG;
	memcpy(piece, text, length);
	piece[length] = '\0';
	fmt_print(absolute, sizeof absolute, "%s%s%s", piece[0] == '/' ? "" : cwd,
		  piece[0] == '/' ? "" : "/", piece);
	resolve_prefix(absolute, resolved, sizeof resolved);
	m = arena_alloc(sizeof *m);
	if (!m)
		return -ENOMEM;
	m->pattern = arena_strdup(resolved);
	if (!m->pattern)
		return -ENOMEM;
	slash = strrchr(m->pattern, '/');
	m->base = slash[1] ? slash + 1 : NULL;
	**tail = m;
	*tail = &m->next;
	return 0;
}

int marks_load(const char *patterns, const char *cwd)
{
	struct mark **tail = &marks;

	marks = NULL;
	while (patterns && *patterns) {
		size_t n = strcspn(patterns, ":");
		int err = n ? add_mark(patterns, n, cwd, &tail) : 0;

		if (err)
			return err;
		patterns += n;
		patterns += *patterns == ':';
	}
	return 0;
}

bool marks_any(void)
{
	return marks != NULL;
}

static bool has_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(path), m = strlen(suffix);

	return n >= m && !strcmp(path + n - m, suffix);
}

bool marks_match(const char *path)
{
	if (path[0] != '/' || has_suffix(path, JOURNAL_SUFFIX))
		return false;
	for (struct mark *m = marks; m; m = m->next) {
		size_t n = strlen(m->pattern);

		if (!m->base && literal_prefix(m->pattern) == n) {
			if (!strncmp(path, m->pattern, n))
				return true;
		} else if (!m->base) {
			/* A folder behind a wildcard: everything below each folder that it names. */
			char deep[PATH_MAX];

			fmt_print(deep, sizeof deep, "%s*", m->pattern);
			if (!fnmatch(deep, path, FNM_PATHNAME | FNM_LEADING_DIR))
				return true;
		} else if (!fnmatch(m->pattern, path, FNM_PATHNAME)) {
			return true;
		}
	}
	return false;
}

bool marks_may_match(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	for (struct mark *m = marks; m; m = m->next) {
		if (!m->base || !fnmatch(m->base, base, 0))
			return true;
	}
	return false;
}

void marks_each(void (*fn)(const char *pattern, void *arg), void *arg)
{
	for (struct mark *m = marks; m; m = m->next)
		fn(m->pattern, arg);
}
