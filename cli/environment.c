/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See environment.h. */
#include "environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher.h"

static size_t count;

/* A copy of the list, with place for new names. */
static void make_ours(void)
{
	char **ours;

	while (environ[count])
		count++;
	ours = room_for((count + ENVIRONMENT_NEW + 1) * sizeof *ours);
	memcpy(ours, environ, (count + 1) * sizeof *ours);
	environ = ours;
}

void environment_set(const char *name, const char *value)
{
	size_t n = strlen(name), i = 0;

	if (!count)
		make_ours();
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
