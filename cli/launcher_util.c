/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The launcher's means: messages, memory, names of files.  See launcher.h. */
#include "launcher.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "settings.h"

static void print(const char *line)
{
	/* Where this cannot be written there is nobody to tell. */
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
}

static bool says_as_json(const char *level, const char *text)
{
	const char *format = getenv("BIGFILE_LOG_FORMAT");
	char pid[16];
	int status;
	pid_t child;

	if (!format || strcmp(format, "json"))
		return false;
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	child = fork();
	if (child == 0) {
		launcher_tell_tool((char *[]){ "bigfile", COMPLAIN_COMMAND, (char *)level, pid, (char *)text, NULL });
		_exit(CLI_FAILED);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == CLI_OK;
}

void say(const char *level, const char *text)
{
	char *line;

	if (says_as_json(level, text))
		return;
	line = join("bigfile: ", text, "\n", NULL);
	/* One line, whatever a file is called. */
	for (char *c = line; *c; c++)
		*c = ((unsigned char)*c < ' ' || *c == 127) && c[1] ? '?' : *c;
	print(line);
}

/* What a command commonly needs fits on the page that holds our data anyway: malloc would cost several. */
void *room_for(size_t size)
{
	static _Alignas(void *) char first[2048];
	static size_t used;
	size_t rounded = (size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
	void *p;

	if (rounded <= sizeof first - used) {
		p = first + used;
		used += rounded;
		return p;
	}
	p = malloc(size);
	if (!p) {
		print("bigfile: no memory\n");
		_exit(CLI_FAILED);
	}
	return p;
}

char *join(const char *first, ...)
{
	size_t size = 1;
	char *joined, *end;
	va_list args;

	va_start(args, first);
	for (const char *s = first; s; s = va_arg(args, const char *))
		size += strlen(s);
	va_end(args);
	joined = end = room_for(size);
	va_start(args, first);
	for (const char *s = first; s; s = va_arg(args, const char *))
		end = stpcpy(end, s);
	va_end(args);
	return joined;
}

/* The folder that this program lies in, ending in '/'; empty where /proc does not tell. */
static const char *own_folder(void)
{
	char *path, *slash;
	size_t size = 128;
	ssize_t n;

	do {
		size *= 2;
		path = room_for(size);
		n = readlink("/proc/self/exe", path, size);
	} while (n == (ssize_t)size);
	path[n < 0 ? 0 : n] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		slash[1] = '\0';
	return path;
}

char *find_beside(const char *name, int mode, const char *const *folders)
{
	const char *own = own_folder();

	for (; *folders; folders++) {
		bool installed = **folders == '/';
		char *path = join(installed ? "" : own, *folders, **folders ? "/" : "", name, NULL);

		if (!installed && !*own)
			continue;
		if (!access(path, mode))
			return path;
	}
	return NULL;
}

char *absolute_path(const char *path)
{
	char folder[PATH_MAX];

	if (*path == '/' || !getcwd(folder, sizeof folder))
		return join(path, NULL);
	return join(folder, strcmp(folder, "/") ? "/" : "", path, NULL);
}
