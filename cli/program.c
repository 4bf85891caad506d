/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See program.h. */
#include "program.h"

#include <elf.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH 4 /* of scripts whose interpreters are scripts */

static const char *judge_elf(const char *data, gsize length)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)data;

	if (length < sizeof *e)
		return NULL;
	if (e->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
		return "is built for another word size than the library";
	for (unsigned i = 0; i < e->e_phnum; i++) {
		gsize at = e->e_phoff + (gsize)i * e->e_phentsize;

		if (at > length || length - at < sizeof(Elf64_Phdr))
			return NULL;
		if (((const Elf64_Phdr *)(data + at))->p_type == PT_INTERP)
			return NULL;
	}
	return "is linked statically";
}

static char *interpreter_of(const char *data, gsize length)
{
	const char *end = memchr(data, '\n', MIN(length, 256));
	g_autofree char *line = end ? g_strndup(data + 2, (gsize)(end - data - 2)) : NULL;

	if (!line)
		return NULL;
	g_strstrip(line);
	line[strcspn(line, " \t")] = '\0';
	return g_strdup(line);
}

static const char *judge(const char *path, int depth)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
	const char *data = file ? g_mapped_file_get_contents(file) : NULL;
	gsize length = file ? g_mapped_file_get_length(file) : 0;
	struct stat st;

	if (!stat(path, &st) && (st.st_mode & (S_ISUID | S_ISGID)))
		return "is set-uid or set-gid";
	if (length > 4 && !memcmp(data, ELFMAG, SELFMAG))
		return judge_elf(data, length);
	if (length > 2 && data[0] == '#' && data[1] == '!' && depth < DEPTH) {
		g_autofree char *interpreter = interpreter_of(data, length);

		return interpreter ? judge(interpreter, depth + 1) : NULL;
	}
	return NULL;
}

const char *program_refuses_preload(const char *command)
{
	g_autofree char *path = g_find_program_in_path(command);

	return path ? judge(path, 0) : NULL;
}
