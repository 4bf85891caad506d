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
	size_t room;       /* that it takes */
	size_t literal;    /* so many bytes of it mean themselves, what follows is a glob; all of them, or up to a '/' */
	const char *base;  /* its last component; NULL for a folder */
	char first, last;  /* of each name that it matches; 0: that is open */
};

static struct mark *marks;

/*
 * The first bytes are a folder's name, in which no character has a meaning.
 *
 * Reading the patterns is part of every start: so there is one large buffer and not several, each of which would cost a
 * fresh page of the stack, and a loop instead of strcspn, which costs pages of libc that the program may never use.
 */
static size_t literal_prefix(const char *pattern, size_t folder)
{
	size_t n = folder;

	while (pattern[n] && pattern[n] != '*' && pattern[n] != '?' && pattern[n] != '[' && pattern[n] != '\\')
		n++;
	if (!pattern[n])
		return n;
	while (n > 0 && pattern[n - 1] != '/')
		n--;
	return n;
}

/* Without empty components and "." on the way: the names of files have none, and where nothing exists yet nobody else takes them out. */
static void tidy(char *pattern)
{
	char *to = pattern;

	for (const char *from = pattern; *from; from++) {
		while (*from == '/' && (from[1] == '/' || (from[1] == '.' && from[2] == '/')))
			from += from[1] == '/' ? 1 : 2;
		*to++ = *from;
	}
	*to = '\0';
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

/*
 * After the n bytes that exist, as `folder`: a link to what does not exist yet?  What the program makes is where it points to.  Of the buffers see
 * above: this is rarely needed.  false: it is none, or there is no room.
 */
__attribute__((noinline)) static bool follow_link(struct mark *m, size_t n, const char *folder)
{
	char target[PATH_MAX], *end = m->pattern + n, kept, *joined;
	size_t size, literal, length = strlen(folder);
	ssize_t got;

	while (end < m->pattern + m->literal && *end != '/')
		end++;
	kept = *end;
	*end = '\0';
	got = sys_readlink(m->pattern, target, sizeof target - 1);
	*end = kept;
	if (got <= 0)
		return false;
	target[got] = '\0';
	if (*target == '/' || length == 1)
		length = *target != '/';
	else
		length++;
	literal = length + (size_t)got + (size_t)(m->pattern + m->literal - end);
	size = literal + strlen(m->pattern + m->literal) + 1;
	joined = size > PATH_MAX ? NULL : arena_alloc(size);
	if (!joined)
		return false;
	fmt_print(joined, size, "%s%s%s%s", length > 1 ? folder : "", length ? "/" : "", target, end);
	arena_free(m->pattern, m->room);
	m->pattern = joined;
	m->room = size;
	tidy(joined);
	m->literal = literal - (size - 1 - strlen(joined));
	return true;
}

/* Resolves links in the literal part, as far as that exists: what does not will be made there.  false: no memory. */
static bool resolve_prefix(struct mark *m)
{
	enum { LINKS = 8 };
	char resolved[PATH_MAX], *joined;
	size_t n, length, size;
	bool folder;

	for (int links = 0;; links++) {
		n = m->literal;
		while (n > 0 && !resolve(m->pattern, n, resolved)) {
			do
				n--;
			while (n > 0 && m->pattern[n - 1] != '/');
		}
		if (n == 0 || n == m->literal || links == LINKS || !follow_link(m, n, resolved))
			break;
	}
	folder = n > 0 && m->pattern[n - 1] == '/';
	/* The root by another name, as if it were a file: it stays as it is, and matches nothing. */
	if (n == 0 || (!folder && !strcmp(resolved, "/")))
		return true;
	length = strcmp(resolved, "/") ? strlen(resolved) : 0;
	size = length + strlen(m->pattern + n) + 2;
	joined = arena_alloc(size);
	if (joined)
		fmt_print(joined, size, "%s%s%s", length ? resolved : "", folder ? "/" : "", m->pattern + n);
	arena_free(m->pattern, m->room);
	m->pattern = joined;
	m->room = size;
	m->literal = length + folder + (m->literal - n);
	return joined != NULL;
}

static int add_mark(const char *text, size_t length, const char *cwd, struct mark ***tail)
{
	size_t before = text[0] == '/' ? 0 : strlen(cwd) + 1, size = before + length + 1;
	struct mark *m;
	bool is_name;
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
	m->room = size;
	tidy(m->pattern + (before ? before - 1 : 0));
	m->literal = literal_prefix(m->pattern, before);
	if (!resolve_prefix(m))
		return -ENOMEM;
	slash = strrchr(m->pattern, '/');
	is_name = m->literal == strlen(m->pattern);
	m->base = slash[1] ? slash + 1 : NULL;
	m->first = m->base && (is_name || !strchr("*?[\\", m->base[0])) ? m->base[0] : '\0';
	m->last = slash[strlen(slash) - 1];
	if (!is_name && strchr("*?]\\/", m->last))
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

		/* The others mark what they mark all the same. */
		if (err == -ENAMETOOLONG)
			log_error("BIGFILE_PATHS: a pattern of %lu bytes is longer than any name, and marks nothing", (unsigned long)n);
		else if (err)
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
		const char *glob = m->pattern + m->literal, *name = path + m->literal;

		if (strncmp(path, m->pattern, m->literal))
			continue;
		if (m->base ? !fnmatch(glob, name, FNM_PATHNAME) : !*glob || is_below(glob, name))
			return true;
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
	if (m->pattern[m->literal])
		return !fnmatch(m->base, base, 0);
	return !strcmp(m->base, base);
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
