/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See environment.h. */
#include "environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher.h"

#define NEW 4 /* names at first: what run without options sets */

static size_t count, capacity; /* of our copy, without the NULL at its end */

/* A copy of the list, with place for new names. */
static void make_room(void)
{
	char **ours;

	while (environ[count])
		count++;
	capacity = (capacity ? 2 * capacity : count) + NEW;
	ours = room_for((capacity + 1) * sizeof *ours);
	memcpy(ours, environ, (count + 1) * sizeof *ours);
	environ = ours;
}

void environment_set(const char *name, const char *value)
{
	size_t n = strlen(name), i = 0;

	if (count == capacity)
		make_room();
	while (i < count && (strncmp(environ[i], name, n) || environ[i][n] != '='))
		i++;
	environ[i] = join(name, "=", value, NULL);
	if (i == count)
		environ[++count] = NULL;
}

void environment_prepend(const char *name, const char *value)
{
	const char *before = getenv(name);

	environment_set(name, before && *before ? join(value, ":", before, NULL) : value);
}

void environment_remove(const char *name, const char *file)
{
	static const char separators[] = ": ";
	const char *list = getenv(name);
	size_t n = strlen(file), length;
	bool any = false;
	char *left, *end;

	if (!list || !strstr(list, file))
		return;
	left = end = room_for(strlen(list) + 1);
	for (const char *path = list; *path; path += length) {
		bool ours;

		length = strcspn(path, separators);
		ours = length >= n && !strncmp(path + length - n, file, n) && (length == n || path[length - n - 1] == '/');
		any |= ours;
		length += strspn(path + length, separators);
		if (!ours)
			end = mempcpy(end, path, length);
	}
	*end = '\0';
	if (any)
		environment_set(name, left);
}
