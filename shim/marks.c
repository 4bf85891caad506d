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
#include "pathroom.h"
#include "sys.h"

struct mark {
	struct mark *next;
	char *pattern;     /* absolute; a folder ends in '/' */
	const char *base;  /* its last component; NULL for a folder */
	char first, last;  /* of each name that it matches; 0: that is open */
};

static struct mark *marks;

/*
 * Reading the patterns is part of every start: so there is one large buffer and not several, each of which would cost a
 * fresh page of the stack, and a loop instead of strcspn, which costs pages of libc that the program may never use.
 */
static size_t literal_prefix(const char *pattern)
{
	size_t n = 0;

	while (pattern[n] && pattern[n] != '*' && pattern[n] != '?' && pattern[n] != '[' && pattern[n] != '\\')
		n++;
	if (!pattern[n])
		return n;
	while (n > 0 && pattern[n - 1] != '/')
		n--;
	return n;
}

/* realpath of the first n bytes, the rest of the pattern being put back. */
static bool resolve(char *pattern, size_t n, char *resolved)
{
	char kept = pattern[n];
	bool exists;

	pattern[n] = '\0';
	exists = realpath(pattern, resolved);
	pattern[n] = kept;
	return exists;
}

/* Resolves links in the literal part of an absolute pattern, as far as that exists.  NULL: no memory. */
static char *resolve_prefix(char *pattern)
{
	char resolved[PATH_MAX], *joined;
	size_t n = literal_prefix(pattern), size;
	bool folder = n > 0 && pattern[n - 1] == '/';

	if (!resolve(pattern, n, resolved)) {
		/* A file that does not exist yet: resolve the folder it will be in. */
		if (folder || !n)
			return pattern;
		while (pattern[n - 1] != '/')
			n--;
		if (!resolve(pattern, n, resolved))
			return pattern;
		folder = true;
	}
	/* The root by another name, as if it were a file: it stays as it is, and matches nothing. */
	if (!folder && !strcmp(resolved, "/"))
		return pattern;
	size = strlen(resolved) + strlen(pattern + n) + 2;
	joined = arena_alloc(size);
	if (joined)
		fmt_print(joined, size, "%s%s%s", strcmp(resolved, "/") ? resolved : "", folder ? "/" : "", pattern + n);
	arena_free(pattern, strlen(pattern) + 1);
	return joined;
}

static int add_mark(const char *text, size_t length, const char *cwd, struct mark ***tail)
{
	size_t before = text[0] == '/' ? 0 : strlen(cwd) + 1, size = before + length + 1;
	struct mark *m;
	char *slash;

	if (size > PATH_MAX)
		return -ENAMETOOLONG;
	m = arena_alloc(sizeof *m);
	if (!m)
		return -ENOMEM;
	m->pattern = arena_alloc(size);
	if (!m->pattern)
		return -ENOMEM;
	if (before)
		fmt_print(m->pattern, size, "%s/", cwd);
	memcpy(m->pattern + before, text, length);
	m->pattern = resolve_prefix(m->pattern);
	if (!m->pattern)
		return -ENOMEM;
	slash = strrchr(m->pattern, '/');
	m->base = slash[1] ? slash + 1 : NULL;
	m->first = m->base && !strchr("*?[\\", m->base[0]) ? m->base[0] : '\0';
	m->last = slash[strlen(slash) - 1];
	if (strchr("*?]\\/", m->last))
		m->last = '\0';
	**tail = m;
	*tail = &m->next;
	return 0;
}

int marks_load(const char *patterns, const char *cwd)
{
	struct mark **tail = &marks;

	marks = NULL;
	while (patterns && *patterns) {
		size_t n = (size_t)(strchrnul(patterns, ':') - patterns);
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

	return n > m && !strcmp(path + n - m, suffix);
}

bool marks_is_journal(const char *path)
{
	return has_suffix(path, JOURNAL_SUFFIX);
}

/* A folder behind a wildcard: everything below each folder that it names. */
static bool is_below(const char *folder, const char *path)
{
	PATH_ROOM(deep);

	fmt_print(deep, PATH_MAX, "%s*", folder);
	return !fnmatch(deep, path, FNM_PATHNAME | FNM_LEADING_DIR);
}

bool marks_match(const char *path)
{
	if (path[0] != '/' || marks_is_journal(path) || has_suffix(path, ASIDE_SUFFIX))
		return false;
	for (struct mark *m = marks; m; m = m->next) {
		size_t n = strlen(m->pattern);

		if (!m->base && literal_prefix(m->pattern) == n) {
			if (!strncmp(path, m->pattern, n))
				return true;
		} else if (!m->base) {
			if (is_below(m->pattern, path))
				return true;
		} else if (!fnmatch(m->pattern, path, FNM_PATHNAME)) {
			return true;
		}
	}
	return false;
}

/* Every open() comes here, and fnmatch takes its time, most of all where characters have several bytes. */
static bool may_be(const struct mark *m, const char *base, char last)
{
	if (!m->base)
		return true;
	if ((m->first && m->first != base[0]) || (m->last && m->last != last))
		return false;
	return !fnmatch(m->base, base, 0);
}

bool marks_may_match(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t n = strlen(base);
	char last = n ? base[n - 1] : '\0';

	for (struct mark *m = marks; m; m = m->next) {
		if (may_be(m, base, last))
			return true;
	}
	return false;
}

void marks_each(void (*fn)(const char *pattern, void *arg), void *arg)
{
	for (struct mark *m = marks; m; m = m->next)
		fn(m->pattern, arg);
}
